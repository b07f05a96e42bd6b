import type { FactorType } from '../shared/factor.js'

/**
 * The name of the `node:diagnostics_channel` on which every service of this process publishes its events, whether it
 * has an `onEvent` or not: a message is a {@link CountersignEvent}.
 *
 * Subscribers run before the call answers, and change no answer. What one throws becomes an `uncaughtException` of the
 * process, as on every channel of Node.
 *
 * @example
 * subscribe(eventChannel, (event) => log.info(event))
 */
export const eventChannel = 'countersign:event'

/**
 * What happened, for the host's log and for mails to the user. Told after the store has committed, never part of an
 * answer to the client, and never with a code, a secret or a key in it.
 */
export interface CountersignEvent {
  type:
    | 'enrolled'
    /** `importFactors` took a factor over, which no one proved here. */
    | 'imported'
    | 'updated'
    /** A factor was removed; without `factor`, the whole user. */
    | 'removed'
    | 'verified'
    /** An answer was refused; `reason` says why in more detail than the client is told. */
    | 'rejected'
    /** Typed codes of this type are refused from now on. */
    | 'locked'
    | 'unlocked'
    | 'recovery-codes-created'
    /** NIST SP 800-63B-4, 4.2.1.1: tell the user. */
    | 'recovery-code-used'
  /** Empty in the refusal of a passkey that is of nobody here. */
  user: string
  /** Epoch milliseconds. */
  at: number
  factor?: { type: FactorType; id?: string }
  /** The inner reason of a refusal, such as `wrong-code`, `challenge-missing` or `signature-invalid`. */
  reason?: string
  /** Recovery codes left. */
  left?: number
}
