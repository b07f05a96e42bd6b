import type { Answered } from './answered.js'

/** Users whose last search is remembered; the one that was longest ago goes. */
const maxUsers = 10_000

const minute = 60_000

type Told = Answered<unknown>['events']

/** Looks whether a wrong code is right at another time, once a minute at most for each user. */
export class Drifts {
  readonly #lastSearch = new Map<string, number>()
  readonly #notes = new Map<string, Promise<unknown>>()

  /**
   * The events of a code that was refused, with the drift if there is one. The refusal is committed by now, and neither
   * its answer nor the time of it depends on what is found here.
   *
   * @param search looks for it in the record that the code was checked against
   * @param note puts it into the record, for the administrator's status
   */
  explain(
    user: string, at: number, events: Told, search: () => number | null, note: (drift: number) => Promise<unknown>,
  ): Told {
    const wrong = events.find(({ reason, factor }) => reason === 'wrong-code' && factor?.type === 'totp')
    const locks = events.some(({ type }) => type === 'locked')
    if (!wrong || locks || !this.#isDue(user, at)) return events
    const drift = search()
    if (drift === null) return events
    this.#note(user, note(drift))
    return events.map((event) => (event === wrong ? { ...event, drift } : event))
  }

  /** Resolves once what was found of this user, or of anybody, is in the store. */
  async settled(user?: string): Promise<void> {
    await (user === undefined ? Promise.all(this.#notes.values()) : this.#notes.get(user))
  }

  #isDue(user: string, at: number): boolean {
    const last = this.#lastSearch.get(user)
    if (last !== undefined && Math.abs(at - last) < minute) return false
    this.#lastSearch.delete(user)
    this.#lastSearch.set(user, at)
    if (this.#lastSearch.size > maxUsers) this.#lastSearch.delete(this.#lastSearch.keys().next().value as string)
    return true
  }

  /** Nobody waits for this: that a code is right at another time is nothing to learn from how long an answer takes. */
  #note(user: string, noting: Promise<unknown>): void {
    // It is a hint: a store that fails now says so at the next call.
    const note = noting.then(() => undefined, () => undefined)
    this.#notes.set(user, note)
    void note.then(() => this.#notes.get(user) === note && this.#notes.delete(user))
  }
}
