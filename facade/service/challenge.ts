import type { TypedFactorType } from '../shared/factor.js'
import type { PublicKeyCredentialRequestOptionsJSON } from '../stateless/webauthn-json.js'

/**
 * What a user may answer with; safe to send to the client as it is. Each member that is there is one way to answer; a
 * challenge with none of them means that this user has factors and none can be used now: never a way in.
 */
export interface Challenge {
  id: string
  /** `{ type: 'totp', code }` answers. */
  totp?: true
  /** For `navigator.credentials.get()`; `{ type: 'webauthn', response }` answers. Old U2F keys answer it too. */
  webauthn?: PublicKeyCredentialRequestOptionsJSON
  /** `{ type: 'recovery', code }` answers; an exhausted set is still told, with 0 left. */
  recovery?: { left: number }
  /** For clients that speak U2F itself; `{ type: 'u2f', response }` answers. */
  u2f?: U2fChallenge
  /** `{ type: 'yubico', code }` answers. */
  yubico?: true
  /** Types that the user has and that are refused now after too many wrong codes. */
  locked?: TypedFactorType[]
}

/**
 * A sign-in challenge of the U2F JavaScript API. Its response is `{ keyHandle, clientData, signatureData }`,
 * bytes in base64url.
 */
export interface U2fChallenge {
  challenge: { challenge: string; appId: string; version: 'U2F_V2' }
  keys: { keyHandle: string; version: 'U2F_V2' }[]
}

/** What any passkey of this relying party may answer: a sign-in without a user name. */
export interface PasskeyChallenge {
  id: string
  /** For `navigator.credentials.get()`, conditional or not; `{ type: 'webauthn', response }` answers. */
  webauthn: PublicKeyCredentialRequestOptionsJSON
}

/**
 * What the page passes to `PublicKeyCredential.signalAllAcceptedCredentials()` (WebAuthn Level 3, 5.1.10), so that
 * passkeys which were removed here are no longer offered there. `userId` serves `signalCurrentUserDetails()` too.
 */
export interface PasskeySignals {
  rpId: string
  /** The user handle, base64url. */
  userId: string
  /** base64url */
  allAcceptedCredentialIds: string[]
}

/** What a sign-in challenge is for; an answer given for one purpose is no answer for the other. */
export type Purpose = 'sign-in' | 'step-up'

/** An enrolment of a phone app that is not proved yet. */
export interface TotpEnrolment {
  /** Names it in `finishTotp`. Not a secret. */
  enrolment: string
  /** `otpauth://totp/...`: a secret, for the user's eyes alone. */
  uri: string
  /** base32, for those who type it in: a secret. */
  secret: string
  /** The URI as a QR code, SVG text: a secret. */
  qr: string
}
