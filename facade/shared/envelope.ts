import { invalid, own } from './check.js'
import { CountersignError, errorCodes } from './errors.js'
import type { CountersignErrorCode } from './errors.js'

/** What a native call answered. What events and challenges are, only those know who pass them on. */
export interface Opened<T> {
  value: T
  events: unknown[]
  challenge?: unknown
}

/** Reads the envelope of a native call. The one place where a failure of the core becomes an error. */
export function openEnvelope<T>(text: string, user?: string): Opened<T> {
  const envelope = JSON.parse(text) as Envelope<T>
  const failure = own(envelope, 'failure') as Envelope<T>['failure']
  if (failure) throw failed(failure, user)
  const value = own(envelope, 'value') as T
  const events = (own(envelope, 'events') ?? []) as unknown[]
  const challenge = own(envelope, 'challenge')
  return challenge ? { value, events, challenge } : { value, events }
}

/** The envelope of a call that threw, which the core never does on purpose. What it threw is dropped: it may quote. */
export const internalFailure = '{"failure":{"code":"internal"}}'

/** Whether a call failed because the keys of `seal` lack the one that a text is sealed under: the host may have it by now. */
export function isOfUnknownKey(text: unknown): boolean {
  if (typeof text !== 'string' || !text.startsWith('{"failure":{"code":"record-sealed"')) return false
  const { failure } = JSON.parse(text) as { failure: object }
  return own(failure, 'unknownKey') === true
}

interface Envelope<T> extends Partial<Opened<T>> {
  failure?: { code: string; detail?: string }
}

function failed({ code, detail }: { code: string; detail?: string }, user: string | undefined): CountersignError {
  if (!isCode(code)) return new CountersignError('internal')
  if (code === 'record-corrupt' && user !== undefined) {
    return new CountersignError(code, { detail: `user ${JSON.stringify(user)}, at ${detail ?? 'the start'}` })
  }
  if (code === 'record-sealed' && user !== undefined) {
    return new CountersignError(code, { detail: `user ${JSON.stringify(user)}, ${detail ?? 'sealed'}` })
  }
  if (code === 'invalid-argument' && detail !== undefined) return invalid(detail)
  return new CountersignError(code, detail === undefined ? {} : { detail })
}

function isCode(code: string): code is CountersignErrorCode {
  return (errorCodes as readonly string[]).includes(code)
}
