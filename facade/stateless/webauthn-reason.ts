/**
 * The reasons why a ceremony is refused (WebAuthn Level 3, 7.1 and 7.2). They are for your log. Tell the client only that it
 * failed.
 */
export const webauthnReasons = [
  /** The response is malformed: its JSON, base64 or CBOR, a length, or a member that is missing or contradicts another. */
  'malformed',
  /** `clientDataJSON.type` is the type of the other ceremony. */
  'type-mismatch',
  /** `clientDataJSON.challenge` is not the challenge that was issued. */
  'challenge-mismatch',
  /** `clientDataJSON.origin` is not one of the relying party's origins. */
  'origin-mismatch',
  /** `crossOrigin` doesn't allow the frame that `clientDataJSON.crossOrigin` and `topOrigin` describe. */
  'cross-origin',
  /** `rpIdHash` is not the hash of the relying party's id. */
  'rp-id-mismatch',
  /** The user present flag is not set. */
  'user-not-present',
  /** User verification is required, and its flag is not set. */
  'user-not-verified',
  /** The backup flags contradict each other or the stored ones. */
  'backup-flags-invalid',
  /** The key's algorithm isn't in `algorithms`. */
  'algorithm-not-allowed',
  /** The key's algorithm or curve isn't implemented. */
  'algorithm-unsupported',
  /** The public key doesn't fit its algorithm, or isn't a point of its curve. */
  'key-invalid',
  /** The signature is wrong. */
  'signature-invalid',
  /** The signature counter has not grown: the authenticator may have been cloned. */
  'counter-not-increased',
  /** The response is from another credential. */
  'credential-mismatch',
  /** The response names another user. */
  'user-handle-mismatch',
  /** The attestation statement is wrong, or breaks a rule of its format. */
  'attestation-invalid',
  /** The attestation statement is right, but its certificates end in none of `trustAnchors`. */
  'attestation-untrusted',
  /** Attestation was asked for, and its format can't be verified. */
  'attestation-unsupported',
  /** A signed extension output isn't what `extensions` asked for, or nobody asked for it (`unsolicitedExtensions: 'refuse'`). */
  'extension-invalid',
  /** The authenticator is denied, or no trusted statement says that it is one of `authenticators.allow`. */
  'authenticator-not-allowed',
  /** The metadata forbids the model: it was revoked, retired or compromised. */
  'authenticator-revoked',
  /** No trusted statement says which model of the metadata it is (`authenticators.unknown: 'refuse'`). */
  'authenticator-unknown',
  /** The model's certification is below `authenticators.certified`, or nothing proves it. */
  'authenticator-not-certified',
  /** The key can be copied to other devices (`authenticators.deviceBoundOnly`). */
  'authenticator-not-device-bound',
  /** The key is kept below `authenticators.securityLevel`, or nothing proves where. */
  'authenticator-security-level',
] as const

/** One of {@link webauthnReasons}. */
export type WebauthnReason = (typeof webauthnReasons)[number]
