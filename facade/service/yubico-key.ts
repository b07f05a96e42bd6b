import type { BindingRecord } from '#binding'

import { optional } from '../shared/check.js'
import { fromStore } from './context.js'
import type { Context } from './context.js'
import { sha256 } from '../shared/crypto.js'
import { jsonText } from '../shared/json.js'
import { keyCounter } from '../shared/key-counter.js'
import { checkYubicoSecrets } from '../stateless/yubico-secrets.js'
import type { CheckedSecrets } from '../stateless/yubico-secrets.js'

/** A Yubico key that the host knows. */
export interface KnownKey {
  publicId: string
  secrets: CheckedSecrets
}

/** The key of this public id, in lower case; `undefined` if the host has no secrets of it. */
export async function findKey(context: Context, user: string, publicId: string): Promise<KnownKey | undefined> {
  const { yubicoSecrets: lookUp } = context.settings
  if (!lookUp) return undefined
  const secrets = optional(checkYubicoSecrets)((await fromStore(() => lookUp(publicId, user))) ?? undefined, 'yubico.secrets')
  return secrets && { publicId, secrets }
}

/** Counts a right OTP for everybody who holds its key, in one atomic change. */
export async function spendOtp(
  context: Context, user: string, code: string, { publicId, secrets }: KnownKey, now: number,
): Promise<'unused' | 'reused' | 'wrong'> {
  const request = jsonText({ code, yubico: secrets })
  const { key, uid } = secrets
  const name = keyCounter(publicId, sha256(`${key}:${uid}`, 'base64url'))
  const call = (record: BindingRecord) => context.service().spendYubico(record, request)
  return (await context.update<'unused' | 'reused' | 'wrong'>(user, now, call, { name })).value
}
