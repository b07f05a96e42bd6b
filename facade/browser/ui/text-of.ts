import type { Texts, TextName } from './texts.js'

/** What the person reads: of a refusal's reason, of a problem, of a ceremony's error. */
export function textOf(code: string): TextName {
  return Object.hasOwn(names, code) ? names[code]! : 'failed'
}

const names: Record<string, TextName> = {
  rejected: 'rejected',
  malformed: 'malformed',
  locked: 'locked',
  'already-enrolled': 'alreadyEnrolled',
  'authenticator-refused': 'authenticatorRefused',
  'unknown-key': 'unknownKey',
  'not-first': 'notFirst',
  'factor-limit': 'factorLimit',
  'no-such-factor': 'noSuchFactor',
  'last-factor': 'lastFactor',
  'not-changeable': 'notChangeable',
  'factor-required': 'factorRequired',
  'malformed-request': 'invalid',
  'payload-too-large': 'invalid',
  'not-signed-in': 'signedOut',
  'second-factor-required': 'signedOut',
  'step-up-required': 'stepUpFirst',
  'step-up-cancelled': 'nothingChanged',
  'not-found': 'misplaced',
  'method-not-allowed': 'misplaced',
  'wrong-origin': 'wrongAddress',
  'not-saved': 'notSaved',
  network: 'network',
  cancelled: 'cancelled',
  timeout: 'timeout',
  aborted: 'aborted',
  'already-registered': 'alreadyEnrolled',
  'not-supported': 'notSupported',
  'insecure-context': 'insecureContext',
  'invalid-domain': 'invalidDomain',
} satisfies Record<string, keyof Texts>
