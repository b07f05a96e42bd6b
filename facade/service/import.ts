import {
  bytesOrBase64url, checkUser, description, epochMilliseconds, integer, invalid, listOf, object, optional, own, text,
} from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Context } from './context.js'
import { randomBytes } from '../shared/crypto.js'
import type { Factor } from '../shared/factor.js'
import { jsonText } from '../shared/json.js'
import type {
  ForeignU2fKey, ForeignYubicoKey, Imported, Left, LeftReason, Migration, MigrationNote,
} from '../migration/types.js'
import { checkCredential } from '../stateless/webauthn-check.js'
import type { CheckedCredential } from '../stateless/webauthn-check.js'
import { checkYubicoCounter } from '../stateless/yubico-secrets.js'
import { findKey } from './yubico-key.js'

export async function importFactors(context: Context, user: string, migration: Migration): Promise<Imported> {
  checkUser(user)
  const { factors, left } = checkMigration(migration, '')
  const [free, taken] = await sort(context, user, factors)
  const now = context.now()
  const request = jsonText({ factors: free.map((factor) => ({ ...factor, what: undefined, notes: undefined })), now })
  const random = randomBytes(16 * free.length)
  const call = (record: string | null) => context.service().importFactors(record, random, request)
  const { value } = await context.update<Answer>(user, now, call)
  const named = (index: number) => free[index] as CheckedFactor
  return {
    taken: value.taken.map(({ index, factor, notes }) => {
      return { what: named(index).what, factor, notes: [...(named(index).notes ?? []), ...notes] }
    }),
    left: [...left, ...taken, ...value.left.map(({ index, ...why }): Left => ({ what: named(index).what, ...why }))],
  }
}

/**
 * Those that may be added, and those that may not: a user handle would lead another user's sign-in here, or nobody has
 * the secrets of a Yubico key.
 */
async function sort(
  context: Context, user: string, factors: CheckedFactor[],
): Promise<[free: CheckedFactor[], taken: Left[]]> {
  const free: CheckedFactor[] = []
  const taken: Left[] = []
  for (const factor of factors) {
    const handle = factor.credential?.userHandle
    const owner = handle === undefined ? undefined : await context.owner(handle)
    if (owner !== undefined && owner !== user) taken.push({ what: factor.what, reason: 'user-handle-taken' })
    else if (await isUnknown(context, user, factor.yubico)) taken.push({ what: factor.what, reason: 'unknown-key' })
    else free.push(factor)
  }
  return [free, taken]
}

/** Whether it is a Yubico key that could never answer. What the core refuses is left to it. */
async function isUnknown(context: Context, user: string, yubico: ForeignYubicoKey | undefined): Promise<boolean> {
  const publicId = yubico?.publicId.toLowerCase() ?? ''
  if (!context.settings.yubicoSecrets || !/^[b-lnrtuv]+$/.test(publicId) || publicId.length > 16) return false
  return (await findKey(context, user, publicId)) === undefined
}

interface Answer {
  taken: { index: number; factor: Factor; notes: MigrationNote[] }[]
  left: { index: number; reason: LeftReason; member?: string }[]
}

interface CheckedFactor {
  what: string
  description: string
  created?: number
  notes?: MigrationNote[]
  uri?: string
  credential?: CheckedCredential
  u2f?: CheckedU2f
  yubico?: ForeignYubicoKey
  recovery?: { codes: string[] }
}

/** With bytes as base64url text. */
interface CheckedU2f extends Omit<ForeignU2fKey, 'keyHandle' | 'publicKey'> {
  keyHandle: string
  publicKey: string
}

const what = text(2048)

const checkShape = object<CheckedFactor>({
  what,
  description,
  created: optional(epochMilliseconds),
  notes: optional(listOf(text(64) as Check<MigrationNote>, { max: 16 })),
  uri: optional(text(4096)),
  credential: optional(checkCredential),
  u2f: optional(
    object<CheckedU2f>({
      keyHandle: bytesOrBase64url(1, 1023),
      publicKey: bytesOrBase64url(1, 16_384),
      counter: optional(integer(0, 0xffff_ffff)),
      appId: optional(text(2048)),
    }),
  ),
  recovery: optional(object<{ codes: string[] }>({ codes: listOf(text(64), { min: 1, max: 100 }) })),
  yubico: optional(object<ForeignYubicoKey>({ publicId: text(64), counter: optional(checkYubicoCounter) })),
})

const checkFactor: Check<CheckedFactor> = (value, name) => {
  const factor = checkShape(value, name)
  const given = (['uri', 'credential', 'u2f', 'yubico', 'recovery'] as const).filter((member) => own(factor, member) !== undefined)
  if (given.length !== 1) throw invalid(name, 'an object with one of uri, credential, u2f, yubico and recovery')
  return factor
}

const checkMigration = object<{ factors: CheckedFactor[]; left: Left[] }>({
  factors: listOf(checkFactor, { max: 256 }),
  left: listOf(
    object<Left>({ what, reason: text(64) as Check<LeftReason>, member: optional(text(64)) }),
    { max: 10_000 },
  ),
})
