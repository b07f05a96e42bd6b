import { channel } from 'node:diagnostics_channel'

import type { Answered } from './answered.js'
import { eventChannel } from './event.js'
import type { CountersignEvent, WarningReason } from './event.js'
import { clockHint, originHint } from './hints.js'

const published = channel(eventChannel)

type Told = Answered<unknown>['events'][number]

/** How the parts of a call tell what happened. */
export interface Teller {
  /** Never throws: a listener that fails must not change what a person who signs in is told. */
  tell(events: Told[], user: string, at: number): void
  /**
   * Tells whoever runs the server of a mistake in its set-up, of each kind once a minute at most: as an event, or in
   * the log where nobody listens to events.
   *
   * @param message names both sides and the remedy, and nothing that a client sent but an origin
   */
  warn(reason: WarningReason, message: string, user: string, at: number): void
}

/** Tells what happened in one call, and keeps it for the audit log. */
export class CallEvents implements Teller {
  readonly happened: CountersignEvent[] = []
  readonly #events: Teller
  readonly #from: string | undefined

  constructor(events: Teller, from: string | undefined) {
    this.#events = events
    this.#from = from
  }

  tell(events: Told[], user: string, at: number): void {
    const from = this.#from
    const told = from === undefined ? events : events.map((event) => ({ ...event, from }))
    this.#events.tell(told, user, at)
    for (const event of told) this.happened.push({ ...event, user, at })
  }

  warn(reason: WarningReason, message: string, user: string, at: number): void {
    this.#events.warn(reason, message, user, at)
  }
}

/** Tells the host's listener and the subscribers of the channel what happened, once the store has committed. */
export class Events implements Teller {
  readonly #listener: ((event: CountersignEvent) => unknown) | undefined
  readonly #lastWarning = new Map<WarningReason, number>()
  #warned = false

  constructor(listener: ((event: CountersignEvent) => unknown) | undefined) {
    this.#listener = listener
  }

  tell(events: Told[], user: string, at: number): void {
    for (const event of events) {
      this.#hint(event, user, at)
      this.#send(event, user, at)
    }
  }

  warn(reason: WarningReason, message: string, user: string, at: number): void {
    const last = this.#lastWarning.get(reason)
    // By the distance: a clock that was set back must not silence it for longer.
    if (last !== undefined && Math.abs(at - last) < minute) return
    this.#lastWarning.set(reason, at)
    if (this.#listener || published.hasSubscribers) this.#send({ type: 'warning', reason, message }, user, at)
    else process.emitWarning(message, 'CountersignWarning')
  }

  #hint({ reason, origin, origins = [], drift }: Told, user: string, at: number): void {
    if (reason === 'origin-mismatch') this.warn(reason, originHint(origin, origins), user, at)
    if (drift !== undefined && drift !== 0) this.warn('clock', clockHint(drift, at), user, at)
  }

  #send(told: Told, user: string, at: number): void {
    if (!this.#listener && !published.hasSubscribers) return
    const event: CountersignEvent = { type: told.type, user, at }
    for (const name of members) {
      // What is not there is not sent, either.
      if (told[name] !== undefined) Object.assign(event, { [name]: told[name] })
    }
    // Each its own: what one of them changes in it, another does not see.
    if (published.hasSubscribers) published.publish(structuredClone(event))
    this.#call(event)
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

const members = ['factor', 'reason', 'left', 'member', 'origin', 'origins', 'drift', 'browser', 'by', 'from', 'message'] as const

const minute = 60_000
