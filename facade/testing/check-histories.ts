import { isLinearizable } from './linearizability.js'
import type { Operation } from './linearizability.js'
import type { HistoryCall, HistoryEvent } from './history.js'

/** What a check of the logs of all processes of a run has found. */
export interface CheckedHistories {
  /** Records, and challenges of a key, that at least two processes have used. */
  histories: number
  /** Calls in all of them. */
  calls: number
  /** Calls of which nobody knows whether they had an effect: they failed, or their process died. */
  uncertain: number
  /** Histories that are too long to be decided. */
  undecided: string[]
  /** Histories that no order of their calls explains: each with its events, by time. */
  violations: { object: string; events: HistoryEvent[] }[]
}

/**
 * Checks what `recordHistory` has logged: whether each record and the challenges of each key were linearizable. That is
 * the case if all calls could have happened one after the other, each at one moment between its call and its answer,
 * with these answers. A call that failed may have had its whole effect, or none. One that failed with `lock-timeout`,
 * `store-busy` or by what its own `change` threw has had none.
 *
 * @param logs the whole text of each process's log
 */
export function checkHistories(logs: string[]): CheckedHistories {
  const found: CheckedHistories = { histories: 0, calls: 0, uncertain: 0, undecided: [], violations: [] }
  for (const [object, calls] of callsOf(logs)) {
    const operations = object.startsWith('record ') ? calls.map(recordOperation) : calls.map(challengeOperation)
    const counted = operations.filter((one) => one !== undefined)
    if (new Set(calls.map(({ process }) => process)).size > 1) found.histories += 1
    found.calls += calls.length
    found.uncertain += counted.filter(({ answered }) => answered === Infinity).length
    const verdict = isLinearizable(counted, nothing)
    if (verdict === undefined) found.undecided.push(object)
    if (verdict === false) found.violations.push({ object, events: calls.flatMap(({ events }) => events).toSorted(byTime) })
  }
  return found
}

type Call = HistoryCall & {
  process: string
  called: number
  answered: number
  value: string | number | null
  /** Why it failed; `died` where nothing more was logged. */
  failure: string | undefined
  runs: { before: string | null; after: string | null }[]
  events: HistoryEvent[]
}

/** No record, or no challenges. No record and no data is empty. */
const nothing = ''

/** Failures that say that nothing was written. */
const withoutEffect = ['lock-timeout', 'store-busy']

/** `undefined`: says nothing about the record. */
function recordOperation({ kind, called, answered, value, failure, runs }: Call): Operation<string> | undefined {
  if (failure === 'refused') return reading(called, answered, runs.at(-1)?.before ?? nothing)
  if (failure === undefined && kind === 'read') return reading(called, answered, String(value ?? nothing))
  if (kind === 'read' || withoutEffect.includes(String(failure))) return undefined
  // What `update` has resolved with says which run of `change` was stored. Where it says nothing, it may be any one.
  const stored = failure === undefined ? [runs[Number(value)]].filter((run) => run !== undefined) : runs
  return {
    called,
    answered: failure === undefined ? answered : Infinity,
    reads: false,
    apply: (state) => stored.filter(({ before }) => (before ?? nothing) === state).map(({ after }) => after ?? nothing),
  }
}

function reading(called: number, answered: number, expected: string): Operation<string> {
  return { called, answered, reads: true, apply: (state) => (state === expected ? [state] : []) }
}

function challengeOperation(call: Call): Operation<string> | undefined {
  const { called, failure, value } = call
  if (withoutEffect.includes(String(failure))) return undefined
  const answered = failure === undefined ? call.answered : Infinity
  if (call.kind === 'clear') return { called, answered, reads: false, apply: () => [nothing] }
  if (call.kind === 'put') return { called, answered, reads: false, apply: (state) => [withData(state, call.id, call.data)] }
  const { id } = call as { id: string }
  const took = (state: string): string[] => {
    const data = dataOf(state, id)
    const after = withData(state, id, undefined)
    if (failure !== undefined) return [after]
    if (value !== null) return data === value ? [after] : []
    return data === undefined ? [after] : []
  }
  return { called, answered, reads: failure === undefined && value === null, apply: took }
}

/** The state of challenges: `id=data` of each, by id. */
function withData(state: string, id: string, data: string | undefined): string {
  const others = state.split('&').filter((one) => one !== '' && !one.startsWith(`${id}=`))
  return (data === undefined ? others : [...others, `${id}=${data}`]).toSorted().join('&')
}

function dataOf(state: string, id: string): string | undefined {
  return state.split('&').find((one) => one.startsWith(`${id}=`))?.slice(id.length + 1)
}

/** The calls of each object. */
function callsOf(logs: string[]): Map<string, Call[]> {
  const objects = new Map<string, Call[]>()
  const open = new Map<string, Call>()
  for (const event of logs.flatMap(eventsOf)) {
    const name = `${event.process} ${event.call}`
    if (event.event === 'call') {
      const call: Call = { ...event, called: event.t, answered: Infinity, value: null, failure: 'died', runs: [], events: [event] }
      open.set(name, call)
      objects.set(event.object, [...(objects.get(event.object) ?? []), call])
      continue
    }
    const call = open.get(name)
    if (call === undefined) throw new Error(`a log has no call ${name}`)
    call.events.push(event)
    if (event.event === 'run') call.runs.push(event)
    if (event.event === 'failure') Object.assign(call, { answered: event.t, failure: event.code })
    if (event.event === 'answer') Object.assign(call, { answered: event.t, value: event.value, failure: undefined })
  }
  return objects
}

/** What a process was about to write when it was killed is no event yet. */
function eventsOf(log: string): HistoryEvent[] {
  return log.slice(0, log.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line) as HistoryEvent)
}

function byTime(a: HistoryEvent, b: HistoryEvent): number {
  return ('t' in a ? a.t : 0) - ('t' in b ? b.t : 0)
}
