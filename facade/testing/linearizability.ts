/** One call on an object, between two moments. `State` is compared with `===`. */
export interface Operation<State> {
  called: number
  /** Infinity where nobody knows whether the call had an effect, and when: it may have had none. */
  answered: number
  /** Whether no state is changed by it, whichever it finds. */
  reads: boolean
  /** The states that the call may leave, `[]` where it can't have been answered as it was. */
  apply(state: State): State[]
}

/** A check that has looked at so many states gives up: nothing is then known of the history. */
const mostStates = 2_000_000

/**
 * Looks for an order of the calls in which each one was answered as it should have been, and in which none comes before
 * one that was answered before it was called. After Wing and Gong, with Lowe's memory of what has been seen.
 *
 * @returns `undefined` when it has given up
 */
export function isLinearizable<State extends string>(operations: Operation<State>[], initial: State): boolean | undefined {
  const calls = operations.toSorted((a, b) => a.called - b.called)
  const certain = calls.reduce((set, { answered }, index) => (answered < Infinity ? set | bit(index) : set), 0n)
  const seen = new Set<string>()
  const open = [{ done: 0n, state: initial }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { state, done } = withReads(calls, next)
    if ((certain & ~done) === 0n) return true
    const name = `${done.toString(36)} ${state}`
    if (seen.has(name)) continue
    if (seen.size >= mostStates) return undefined
    seen.add(name)
    for (const index of candidates(calls, done)) {
      const call = calls[index] as Operation<State>
      for (const after of call.apply(state)) {
        // One that may have had no effect, and has none here, decides nothing.
        if (after !== state || call.answered < Infinity) open.push({ done: done | bit(index), state: after })
      }
    }
  }
  return false
}

interface Place<State> {
  done: bigint
  state: State
}

/** Reads that are right here may as well be next: no other place gives the others more room. */
function withReads<State>(calls: Operation<State>[], { done, state }: Place<State>): Place<State> {
  for (let found = true; found; ) {
    found = false
    for (const index of candidates(calls, done)) {
      const { reads, apply } = calls[index] as Operation<State>
      if (!reads || apply(state).length === 0) continue
      done |= bit(index)
      found = true
    }
  }
  return { done, state }
}

/** The calls that no other one which is not done yet has to come before. */
function candidates(calls: { called: number; answered: number }[], done: bigint): number[] {
  const found: number[] = []
  let soonest = Infinity
  for (const [index, { called, answered }] of calls.entries()) {
    // They are in the order in which they were called.
    if (called > soonest) break
    if ((done & bit(index)) !== 0n) continue
    found.push(index)
    soonest = Math.min(soonest, answered)
  }
  return found
}

function bit(index: number): bigint {
  return 1n << BigInt(index)
}
