// What the types of the stateless building blocks and of the testing aids allow, and what they refuse.
import { ClientError, createClient } from 'countersign/client'
import { fromOtpauthMigration, fromOtplib, fromSimpleWebAuthn, fromSpeakeasy } from 'countersign/migration'
import type { Migration } from 'countersign/migration'
import { TestAuthenticator, totpAt } from 'countersign/testing'
import { otpauthUri, parseOtpauthUri, totpCode, verifyTotp } from 'countersign/totp'
import {
  authenticationOptions, registrationOptions, verifyAuthentication, verifyRegistration,
} from 'countersign/webauthn'
import type { Credential, WebauthnReason } from 'countersign/webauthn'
import { verifyYubicoOtp, yubicoPublicId } from 'countersign/yubico'

const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
const secret = 'A'.repeat(32)

export function totp(): void {
  const match = verifyTotp({ secret, code: {} as unknown, window: { past: 1, future: 0 }, lastStep: 7 })
  // @ts-expect-error null: wrong
  match.step
  if (match) match.step satisfies number
  verifyTotp({ uri: otpauthUri({ secret, account: 'ann' }), code: '' })
  verifyTotp({ parameters: { secret: new Uint8Array(20), algorithm: 'SHA512' }, code: '' })
  // @ts-expect-error whose code
  verifyTotp({ code: '' })
  // @ts-expect-error no such algorithm
  totpCode({ secret, algorithm: 'MD5' })
  // @ts-expect-error an account belongs to it
  otpauthUri({ secret })
  parseOtpauthUri('').issuer satisfies string | undefined
  totpAt(secret, 0) satisfies string
}

export function yubico(otp: unknown): void {
  const lastCounter = { use: 1, session: 0 }
  const match = verifyYubicoOtp({ otp, key: new Uint8Array(16), uid: '010203040506', lastCounter })
  // @ts-expect-error null: wrong
  match.counter
  match?.counter.session satisfies number | undefined
  yubicoPublicId(otp) satisfies string | null
  // @ts-expect-error the private id belongs to it
  verifyYubicoOtp({ otp, key: new Uint8Array(16) })
  // @ts-expect-error whose OTP
  verifyYubicoOtp({ otp })
}

export function webauthn(response: unknown): void {
  const creation = registrationOptions({ rp, user: { name: 'ann', displayName: 'Ann' } })
  const { challenge } = creation
  const registered = verifyRegistration({ response, challenge, rp: { id: 'example.com', origins: [] } })
  // @ts-expect-error test ok first
  registered.credential
  if (!registered.ok) {
    registered.reason satisfies WebauthnReason
    // @ts-expect-error not in the list
    registered.reason satisfies 'wrong'
    return
  }
  registered.attestation.trusted satisfies boolean
  const credential: Credential = registered.credential
  const bytes = { id: credential.id, publicKey: new Uint8Array(77), counter: 0, deviceType: 'singleDevice' }
  const verified = verifyAuthentication({ response, challenge, rp, credential: bytes, counter: 'report' })
  if (verified.ok) verified.credential satisfies Credential
  // @ts-expect-error a credential belongs to it
  verifyAuthentication({ response, challenge, rp })
  // @ts-expect-error the relying party has origins
  verifyRegistration({ response, challenge, rp: { id: 'example.com' } })
  const key = new TestAuthenticator({ algorithm: 'EdDSA' })
  key.create(creation, { origin: 'https://example.com' }).response.attestationObject satisfies string
  key.get(authenticationOptions({ rp }), { origin: 'https://example.com' }).response.signature satisfies string
  // @ts-expect-error none that it knows
  new TestAuthenticator({ algorithm: 'ES512' })
}

export async function migration(rows: unknown): Promise<Migration[]> {
  const found = fromSimpleWebAuthn(rows, { userHandle: new Uint8Array(32) })
  const [first] = found.factors
  if (first && 'uri' in first) first.uri satisfies string
  // @ts-expect-error a credential, or a URI
  first.uri
  found.left[0]?.reason satisfies string | undefined
  // @ts-expect-error no such reason
  found.left[0]?.reason === 'wrong'
  // @ts-expect-error the text of a secret means nothing without it
  fromSpeakeasy(rows)
  return [found, fromOtplib(rows, { version: 12, encoding: 'hex' }), fromOtpauthMigration(rows)]
}

export async function client(): Promise<void> {
  const script = createClient({ url: new URL('https://example.com/countersign'), totp: { secret, digits: 8 } })
  const { factor, skew } = await script.answer({ signal: AbortSignal.timeout(1000) })
  factor?.id satisfies string | undefined
  skew satisfies number | undefined
  const response: Response = await script.fetch('https://example.com/api', { method: 'POST' })
  // @ts-expect-error whose codes
  createClient({ url: 'https://example.com' })
  try {
    await response.json()
  } catch (error) {
    if (error instanceof ClientError) error.code satisfies 'locked' | string
    // @ts-expect-error no such code
    if (error instanceof ClientError && error.code === 'wrong') return
  }
}
