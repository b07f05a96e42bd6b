/** Bytes that nobody can guess. */
export const randomBytes = (count: number): Buffer => crypto().randomBytes(count)

/** The SHA-256 hash of bytes, or of a text's UTF-8. In one call: an object for each short text takes four times as long. */
export const sha256 = (text: string | Buffer, encoding: 'hex' | 'base64url'): string => crypto().hash('sha256', text, encoding)

/** The HMAC-SHA256 of a text's UTF-8. */
export const hmacSha256 = (key: Buffer, text: string): Buffer => crypto().createHmac('sha256', key).update(text).digest()

let loaded: typeof import('node:crypto') | undefined

// By the first call that needs it: it takes longer to load than the rest of the package.
const crypto = () => (loaded ??= process.getBuiltinModule('node:crypto'))

/** A public key as a JWK; `undefined` for what is none, and for a private key, whose public half Node would take. */
export function publicJwk(key: string | object): object | undefined {
  if (isPrivate(key)) return undefined
  try {
    return crypto().createPublicKey(key as string).export({ format: 'jwk' })
  } catch {
    return undefined
  }
}

function isPrivate(key: string | object): boolean {
  // A JWK may have a private member that doesn't fit.
  if (typeof key === 'object' && Object.hasOwn(Object((key as { key?: unknown }).key), 'd')) return true
  try {
    crypto().createPrivateKey(key as string)
    return true
  } catch {
    return false
  }
}
