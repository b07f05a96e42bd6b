import type { FactorType, TypedFactorType } from '../shared/factor.js'
import type { PublicKeyCredentialRequestOptionsJSON } from '../stateless/webauthn-json.js'

/**
 * The ways in which a user can answer. Safe to send to the client as it is. Each member is one way to answer. A
 * challenge without any of them means that the user has factors, but can't use any of them now: it is never a way in.
 */
export interface Challenge {
  id: string
  /** Answer with `{ type: 'totp', code }`. */
  totp?: true
  /** For `navigator.credentials.get()`. Answer with `{ type: 'webauthn', response }`. Old U2F keys answer it too. */
  webauthn?: PublicKeyCredentialRequestOptionsJSON
  /** Answer with `{ type: 'recovery', code }`. If all codes are used, `left` is 0. */
  recovery?: { left: number }
  /** For clients that use U2F itself. Answer with `{ type: 'u2f', response }`. */
  u2f?: U2fChallenge
  /** Answer with `{ type: 'yubico', code }`. */
  yubico?: true
  /** Types that the user has, but that are refused now after too many wrong codes. */
  locked?: TypedFactorType[]
  /**
   * With `locked`: when the first of these types is accepted again by itself, in epoch milliseconds; `null` if none ever
   * is.
   */
  lockedUntil?: number | null
  /** With `locked`: the types whose success lifts the locks. If the list is empty, only an administrator can. */
  unlockedBy?: FactorType[]
  /** A challenge never has it: it is what `challenge` says of a remembered browser. */
  remembered?: never
}

/**
 * A sign-in challenge of the U2F JavaScript API. Its response is `{ keyHandle, clientData, signatureData }`,
 * bytes in base64url.
 */
export interface U2fChallenge {
  challenge: { challenge: string; appId: string; version: 'U2F_V2' }
  keys: { keyHandle: string; version: 'U2F_V2' }[]
}

/** A challenge that any passkey of this relying party can answer, for a sign-in without a user name. */
export interface PasskeyChallenge {
  id: string
  /** For `navigator.credentials.get()`, conditional or not. Answer with `{ type: 'webauthn', response }`. */
  webauthn: PublicKeyCredentialRequestOptionsJSON
}

/**
 * What the page passes to `PublicKeyCredential.signalAllAcceptedCredentials()` (WebAuthn Level 3, 5.1.10), so that the
 * passkey provider stops offering removed passkeys. `userId` is for `signalCurrentUserDetails()` too.
 */
export interface PasskeySignals {
  rpId: string
  /** The user handle, base64url. */
  userId: string
  /** base64url */
  allAcceptedCredentialIds: string[]
}

/** What a challenge is for. An answer for one purpose doesn't count for the other. */
export type Purpose = 'sign-in' | 'step-up'

/** An authenticator app that is being enrolled: no code of it has been verified yet. */
export interface TotpEnrolment {
  /** The id of this enrolment, for `finishTotp`. Not a secret. */
  enrolment: string
  /** `otpauth://totp/...`: a secret, to be shown to the user only. */
  uri: string
  /** The secret in base32, for users who type it in. */
  secret: string
  /** The URI as a QR code, SVG text: a secret. */
  qr: string
}
