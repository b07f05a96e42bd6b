import type { Enrolled } from '../../service/outcome.js'
import { register } from '../index.js'
import type { Api } from './api.js'

/** Runs a change that may need a step-up before; undefined: the person gave up. */
export type Change = <Result>(call: () => Promise<Result>) => Promise<Result | undefined>

export type Use = 'second-factor' | 'passkey'

/** What the server takes here. */
export interface Offered {
  passkeys: boolean
  yubico: boolean
  /** Only security keys and passkeys meet what the site requires. */
  keysOnly?: boolean
}

export interface NewKey {
  use: Use
  description: string
}

/** Has a security key or a passkey provider create a credential, and enrols it. Undefined: the person gave up. */
export async function enrolKey(
  api: Api, change: Change, { use, description }: NewKey, { passkeys, signal }: { passkeys: boolean; signal: AbortSignal },
): Promise<Enrolled | undefined> {
  const options = await change(() => api.beginWebauthn({ use }))
  if (!options) return undefined
  const hints = passkeys ? { hints: [...hintsOf[use]] } : {}
  const response = await register({ ...options, ...hints }, { signal })
  return change(() => api.finishWebauthn({ response, description: description.trim() }))
}

/** Where the browser should look first. */
const hintsOf = { passkey: ['client-device', 'hybrid'], 'second-factor': ['security-key'] } as const
