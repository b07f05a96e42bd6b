/** Receives the state. `isNew`: it is not only a detail of the state before that has changed. */
export type Listener<State> = (state: State, isNew: boolean) => void

/**
 * The state of a flow, those who listen to it, and the order of what the flow asks the server. Answers may come in any order,
 * and one that comes late must not take the place of a newer one: each flow needs that rule with its state, so it is here once.
 */
export class LiveState<State> {
  readonly #listeners = new Set<Listener<State>>()
  #state: State
  #turn = 0

  constructor(state: State) {
    this.#state = state
  }

  get state(): State {
    return this.#state
  }

  /** Calls the listener with the state, now and after each change. Returns a function that ends that. */
  subscribe = (listener: Listener<State>): (() => void) => {
    this.#listeners.add(listener)
    listener(this.#state, true)
    return () => void this.#listeners.delete(listener)
  }

  set(state: State, isNew = true): void {
    this.#state = state
    for (const listener of [...this.#listeners]) listener(state, isNew)
  }

  /** Begins something newer: the answers to all before it are late. Returns what `watch` returns. */
  begin(): () => boolean {
    this.#turn += 1
    return this.watch()
  }

  /** Returns a function that tells whether nothing newer has begun since. */
  watch(): () => boolean {
    const turn = this.#turn
    return () => turn === this.#turn
  }
}
