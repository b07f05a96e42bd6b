/** Why a ceremony is refused (WebAuthn Level 3, 7.1, 7.2). For the log: tell the client no more than that it failed. */
export const webauthnReasons = [
  /** The response is not well-formed: JSON, base64url, CBOR, a length, a member that is missing or contradictory. */
  'malformed',
  /** `clientDataJSON.type` is that of the other ceremony. */
  'type-mismatch',
  /** `clientDataJSON.challenge` is not the challenge that was issued. */
  'challenge-mismatch',
  /** `clientDataJSON.origin` is not one of the relying party's origins. */
  'origin-mismatch',
  /** `clientDataJSON.crossOrigin` or `topOrigin` is not what the policy allows. */
  'cross-origin',
  /** `rpIdHash` is not the hash of the relying party's id. */
  'rp-id-mismatch',
  /** The user present flag is not set. */
  'user-not-present',
  /** User verification is required, and its flag is not set. */
  'user-not-verified',
  /** The backup flags contradict each other or what was stored. */
  'backup-flags-invalid',
  /** The key's algorithm is none of those asked for. */
  'algorithm-not-allowed',
  /** The key's algorithm or curve is none that is implemented. */
  'algorithm-unsupported',
  /** The public key does not fit its algorithm, or is no point of its curve. */
  'key-invalid',
  /** The signature does not verify. */
  'signature-invalid',
  /** The signature counter has not grown: the authenticator may have been cloned. */
  'counter-not-increased',
  /** The response is another credential's. */
  'credential-mismatch',
  /** The response names another user than the one expected. */
  'user-handle-mismatch',
  /** The attestation statement does not verify, or breaks a rule of its format. */
  'attestation-invalid',
  /** The attestation verifies but ends in none of the trust anchors. */
  'attestation-untrusted',
  /** The attestation's format can't be verified, and attestation was asked for. */
  'attestation-unsupported',
] as const

export type WebauthnReason = (typeof webauthnReasons)[number]
