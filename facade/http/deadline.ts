// Its own: a test environment for browsers has one in its place that returns a number.
import { setTimeout } from 'node:timers'

/**
 * A time that each of many has, with one timer for all: to set and to clear one for each takes longer than to read a short body. They
 * are linked, not in a `Set`: tables that a `Set` has outgrown keep what was in them, here all of a request, from early collection.
 */
export class Deadline {
  readonly #milliseconds: number
  /** In the order in which they began, which is that in which they end. */
  #first: Running | undefined
  #last: Running | undefined
  #isTimed = false

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  /** Calls `late` when the time is over, unless it is ended before. It keeps no process alive. */
  begin(late: () => void): Running {
    const one: Running = { end: performance.now() + this.#milliseconds, late, isOver: false, previous: this.#last, next: undefined }
    if (this.#last) this.#last.next = one
    else this.#first = one
    this.#last = one
    if (!this.#isTimed) this.#wait(this.#milliseconds)
    return one
  }

  /** Ends one before its time. */
  end(one: Running): void {
    if (one.isOver) return
    one.isOver = true
    const { previous, next } = one
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    one.previous = one.next = undefined
  }

  #wait(milliseconds: number): void {
    this.#isTimed = true
    setTimeout(() => this.#passed(), milliseconds).unref()
  }

  #passed(): void {
    this.#isTimed = false
    const now = performance.now()
    for (let one = this.#first; one; one = this.#first) {
      if (one.end > now) return this.#wait(one.end - now)
      this.end(one)
      one.late()
    }
  }
}

/** One that was begun. */
export interface Running {
  /** By the monotonic clock. */
  end: number
  late: () => void
  isOver: boolean
  previous: Running | undefined
  next: Running | undefined
}
