/** Bytes that nobody can guess. */
export const randomBytes = (count: number): Buffer => crypto().randomBytes(count)

/** The SHA-256 hash of a text's UTF-8. */
export const sha256 = (text: string): Buffer => crypto().createHash('sha256').update(text).digest()

/** The HMAC-SHA256 of a text's UTF-8. */
export const hmacSha256 = (key: Buffer, text: string): Buffer => crypto().createHmac('sha256', key).update(text).digest()

let loaded: typeof import('node:crypto') | undefined

// By the first call that needs it: it takes longer to load than the rest of the package.
const crypto = () => (loaded ??= process.getBuiltinModule('node:crypto'))

/** A public key as a JWK; `undefined` for what is none. */
export function publicJwk(key: string | object): object | undefined {
  try {
    // A private key would do too: its public half comes out.
    return crypto().createPublicKey(key as string).export({ format: 'jwk' })
  } catch {
    return undefined
  }
}
