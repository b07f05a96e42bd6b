import { own } from './check.js'
import { invalid } from './check.js'
import { CountersignError, errorCodes } from './errors.js'
import type { CountersignErrorCode } from './errors.js'
import type { OpenChallenge } from '../stores/traits.js'
import type { CountersignEvent } from '../service/event.js'

/** What a native call answered. */
export interface Answered<T> {
  value: T
  events: Omit<CountersignEvent, 'user' | 'at'>[]
  challenge?: OpenChallenge
}

/** Reads the envelope of a native call. The one place where a failure of the core becomes an error. */
export function openEnvelope<T>(text: string, user?: string): Answered<T> {
  const envelope = JSON.parse(text) as Envelope<T>
  const failure = own(envelope, 'failure') as Envelope<T>['failure']
  if (failure) throw failed(failure, user)
  const value = own(envelope, 'value') as T
  const events = (own(envelope, 'events') ?? []) as Answered<T>['events']
  const challenge = own(envelope, 'challenge') as OpenChallenge | undefined
  return challenge ? { value, events, challenge } : { value, events }
}

/** The envelope of a call that threw, which the core never does on purpose. What it threw is dropped: it may quote. */
export const internalFailure = '{"failure":{"code":"internal"}}'

interface Envelope<T> extends Partial<Answered<T>> {
  failure?: { code: string; detail?: string }
}

function failed({ code, detail }: { code: string; detail?: string }, user: string | undefined): CountersignError {
  if (!isCode(code)) return new CountersignError('internal')
  if (code === 'record-corrupt' && user !== undefined) {
    return new CountersignError(code, { detail: `user ${JSON.stringify(user)}, at ${detail ?? 'the start'}` })
  }
  if (code === 'invalid-argument' && detail !== undefined) return invalid(detail)
  return new CountersignError(code, detail === undefined ? {} : { detail })
}

function isCode(code: string): code is CountersignErrorCode {
  return (errorCodes as readonly string[]).includes(code)
}
