import { openEnvelope } from '../shared/envelope.js'
import type { OpenChallenge } from '../stores/traits.js'
import type { CountersignEvent } from './event.js'

/** What a call of the core answered, with what is to be done about it. */
export interface Answered<T> {
  value: T
  /** To tell the host once the store has committed. */
  events: Omit<CountersignEvent, 'user' | 'at'>[]
  /** To put into the challenge store. */
  challenge?: OpenChallenge
}

/** Reads the envelope of a call that may tell events and open a challenge. */
export const openAnswer = <T>(text: string, user?: string): Answered<T> => openEnvelope<T>(text, user) as Answered<T>
