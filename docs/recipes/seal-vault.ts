// Keys for `seal` that the transit engine of Vault or OpenBao has wrapped.
//
// Wrap a new key, and keep what this prints under the same id:
//   vault write -field=ciphertext transit/datakey/wrapped/countersign bits=256
import type { SealOptions } from 'countersign'

export interface VaultOptions {
  /** Such as `https://vault.internal:8200`. */
  address: string
  token: () => string | Promise<string>
  /** The name of the key in the transit engine. */
  name: string
  /** Where the engine is mounted. Default `transit`. */
  mount?: string
  /** Reads the wrapped keys, the one that seals first; called again for a key that is not known yet. */
  wrapped: () => Promise<WrappedKey[]>
}

/** A wrapped key. */
export interface WrappedKey {
  id: string
  /** `vault:v1:...` */
  ciphertext: string
}

/**
 * @example
 * const token = () => readFile('/run/secrets/vault-token', 'utf8')
 * const wrapped = async () => JSON.parse(await readFile('/etc/countersign/keys.json', 'utf8'))
 * const seal = vaultKeys({ address: 'https://vault.internal:8200', token, name: 'countersign', wrapped })
 * const countersign = await Countersign.open({ rp, store, seal })
 */
export function vaultKeys({ address, token, name, mount = 'transit', wrapped }: VaultOptions): () => Promise<SealOptions> {
  const url = new URL(`/v1/${mount}/decrypt/${encodeURIComponent(name)}`, address)
  const unwrap = async ({ id, ciphertext }: WrappedKey, secret: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-vault-token': secret, 'content-type': 'application/json' },
      body: JSON.stringify({ ciphertext }),
      // The token is for this server alone.
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    if (!response.ok) throw new Error(`Vault answered ${response.status} for the key ${id}`)
    const { data } = (await response.json()) as { data: { plaintext: string } }
    return { id, key: Buffer.from(data.plaintext, 'base64') }
  }
  return async () => {
    const secret = (await token()).trim()
    return { keys: await Promise.all((await wrapped()).map((one) => unwrap(one, secret))) }
  }
}
