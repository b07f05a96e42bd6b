import { setImmediate } from 'node:timers'

import { leastPart } from '../shared/cause.js'
import { isCountersignError } from '../shared/errors.js'

/** Calls in one statement. */
const most = 128

/** Characters in one statement, but for a single call that has more. */
const mostText = 4 << 20

/** The values of one call. */
export type Values = readonly unknown[]

/** What a shared statement answers for a call that has to be asked alone: it has done nothing for it. */
export const alone = Symbol('alone')

/** The statements that calls of one kind ask. */
export interface Statements<Answer> {
  one(values: Values): Promise<Answer>
  /** For two or more: all or nothing. Answers in the order of the calls. */
  many(calls: Values[]): Promise<(Answer | typeof alone)[]>
}

interface Call<Answer> {
  values: Values
  resolve(answer: Answer | Promise<Answer>): void
  reject(error: unknown): void
}

/**
 * Calls of one turn of the event loop share a statement: a busy server has many in each, and for many rows a statement takes
 * little longer than for one. Measured, half of the CPU of a sign-in with a session (bench/README.md). Nobody waits for
 * a statement that others have asked before, and a single call asks as if there were no others.
 */
export class SharedStatement<Answer> {
  readonly #statements: Statements<Answer>
  readonly #isShared: boolean
  #calls: Call<Answer>[] = []

  /** @param isShared whether it is the same who calls: a statement runs in the asynchronous context of its first call */
  constructor(statements: Statements<Answer>, isShared: boolean) {
    this.#statements = statements
    this.#isShared = isShared
  }

  run(values: Values): Promise<Answer> {
    if (!this.#isShared) return this.#statements.one(values)
    return new Promise((resolve, reject) => {
      this.#calls.push({ values, resolve, reject })
      if (this.#calls.length === 1) setImmediate(() => this.#ask())
    })
  }

  #ask(): void {
    const calls = this.#calls
    this.#calls = []
    for (const group of calls.length === 1 ? [calls] : groupsOf(calls)) {
      if (group.length === 1) this.#answerAlone(group[0]!)
      else void this.#answer(group)
    }
  }

  /** Never rejects. */
  async #answer(group: Call<Answer>[]): Promise<void> {
    const all = group.map(({ values }) => values)
    try {
      const answers = await this.#statements.many(all)
      for (const [index, call] of group.entries()) {
        const answer = answers[index]
        if (answer === alone) this.#answerAlone(call)
        else call.resolve(answer as Answer)
      }
    } catch (error) {
      // What is refused of one must not stop those that it shares with, and each is told its own error.
      if (isRefusal(error)) return group.forEach((call) => this.#answerAlone(call))
      const failure = failureOf(error, all)
      for (const call of group) call.reject(failure())
    }
  }

  #answerAlone({ values, resolve }: Call<Answer>): void {
    resolve(this.#statements.one(values))
  }
}

function groupsOf<Answer>(calls: Call<Answer>[]): Call<Answer>[][] {
  const groups: Call<Answer>[][] = []
  let [group, text]: [Call<Answer>[], number] = [[], 0]
  for (const call of calls) {
    const size = textsOf([call.values]).join('').length
    if (group.length === 0 || group.length === most || text + size > mostText) {
      groups.push((group = []))
      text = 0
    }
    group.push(call)
    text += size
  }
  return groups
}

function textsOf(all: Values[]): string[] {
  return all.flat().filter((value) => typeof value === 'string')
}

/** Classes of SQLSTATE that say that a statement did nothing. */
const refusals = new Set(['22', '23', '24', '25', '26', '27', '28', '40', '42', '44', '53', '54', '55', 'P0'])

/** Those of a connection, an operator, a system or a proxy that fails, which leave it open. */
const unknown = new Set(['08', '57', '58', 'XX'])

/** Whether the database has answered that it did nothing. Node and other drivers have codes of five characters too. */
function isRefusal(error: unknown): boolean {
  if (isCountersignError(error)) return true
  const { code, severity } = Object(error) as { code?: unknown; severity?: unknown }
  if (typeof code !== 'string' || !/^[\dA-Z]{5}$/.test(code) || severity === 'FATAL' || severity === 'PANIC') return false
  // `query_canceled`, as after `statement_timeout`.
  if (code === '57014') return true
  const kind = code.slice(0, 2)
  const isKnown = refusals.has(kind) || (severity === 'ERROR' && !unknown.has(kind))
  // `statement_completion_unknown`
  return isKnown && code !== '40003'
}

const longestMessage = 200

/**
 * After a failure that leaves open what was done, each call gets an error of its own. It has the driver's message if that is a
 * plain one, such as that of a lost connection: it must not quote what the others passed.
 */
function failureOf(error: unknown, all: Values[]): () => Error {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown }
  const passed = textsOf(all).join('\n')
  const isPlain = typeof message === 'string' && message.length <= longestMessage && /^[\w ,.:;'()/-]+$/.test(message)
  const quotes = isPlain && message.split(/[^\w+/-]/).some((word) => word.length >= leastPart && passed.includes(word))
  const text = isPlain && !quotes ? message : 'A statement that several calls shared has failed'
  return () => Object.assign(new Error(text), typeof code === 'string' && code.length <= 64 && { code })
}
