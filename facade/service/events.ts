import { channel } from 'node:diagnostics_channel'

import type { Answered } from './answered.js'
import { eventChannel } from './event.js'
import type { CountersignEvent } from './event.js'

const published = channel(eventChannel)

/** Tells the host's listener and the subscribers of the channel what happened, once the store has committed. */
export class Events {
  readonly #listener: ((event: CountersignEvent) => unknown) | undefined
  #warned = false

  constructor(listener: ((event: CountersignEvent) => unknown) | undefined) {
    this.#listener = listener
  }

  /** Never throws: a listener that fails must not change what a person who signs in is told. */
  tell(events: Answered<unknown>['events'], user: string, at: number): void {
    if (!this.#listener && !published.hasSubscribers) return
    for (const { type, factor, reason, left } of events) {
      const event: CountersignEvent = { type, user, at }
      if (factor !== undefined) event.factor = factor
      if (reason !== undefined) event.reason = reason
      if (left !== undefined) event.left = left
      // Each its own: what one of them changes in it, another does not see.
      if (published.hasSubscribers) published.publish(structuredClone(event))
      this.#call(event)
    }
  }

  #call(event: CountersignEvent): void {
    try {
      const answer = this.#listener?.(event)
      if (answer instanceof Promise) answer.catch(() => this.#warn())
    } catch {
      this.#warn()
    }
  }

  // Without what was thrown: the host's own text, which may quote anything.
  #warn(): void {
    if (this.#warned) return
    this.#warned = true
    const text = 'onEvent threw or rejected; that changes no outcome, and is not reported again'
    process.emitWarning(text, 'CountersignWarning')
  }
}
