import type { BindingRecord, BindingService } from '#binding'

import {
  bytesOrBase64url, checkUser, description, epochMilliseconds, integer, invalid, listOf, object, optional, own, text,
} from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Context } from './context.js'
import { randomBytes } from '../shared/crypto.js'
import type { Factor } from '../shared/factor.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import type {
  ForeignU2fKey, ForeignYubicoKey, Imported, Left, LeftReason, Migration, MigrationNote,
} from '../migration/types.js'
import type { RpOption } from './options.js'
import { checkUsableRp } from './usable-rp.js'
import { checkCredential } from '../stateless/webauthn-check.js'
import type { CheckedCredential } from '../stateless/webauthn-check.js'
import { checkYubicoCounter } from '../stateless/yubico-secrets.js'
import { findKey } from './yubico-key.js'

export async function importFactors(
  context: Context, user: string, migration: Migration, options: RpOption,
): Promise<Imported> {
  checkUser(user)
  const { rp } = checkOptions(options, '')
  const { factors, left } = checkMigration(migration)
  const service = context.service(rp)
  const rpId = rp?.id ?? context.settings.rpId
  for (let attempt = 1; ; attempt += 1) {
    // After a few races the store says of itself which claims it does not give: all of them are another user's then.
    const [free, taken] = await sort(context, service, user, factors, rpId, attempt > maxRaces)
    const now = context.now()
    const bare = free.map((factor) => ({ ...factor, what: undefined, notes: undefined, rpId: undefined }))
    const request = jsonText({ factors: bare, now, rpId })
    const random = randomBytes(16 * free.length)
    const call = (record: BindingRecord) => service.importFactors(record, random, request)
    const answered = await context.unlessTaken(() => context.update<Answer>(user, now, call))
    if (answered !== undefined) return report(answered.value, free, [...left, ...taken])
  }
}

/** How often somebody may be faster with a credential that was free. */
const maxRaces = 3

function report(value: Answer, free: CheckedFactor[], left: Left[]): Imported {
  const named = (index: number) => free[index] as CheckedFactor
  return {
    taken: value.taken.map(({ index, factor, notes }) => {
      return { what: named(index).what, factor, notes: [...(named(index).notes ?? []), ...notes] }
    }),
    left: [...left, ...value.left.map(({ index, ...why }): Left => ({ what: named(index).what, ...why }))],
  }
}

/**
 * Those that may be added, and those that may not: a user handle or an id leads to another user, or nobody has the secrets
 * of a Yubico key.
 */
async function sort(
  context: Context, service: BindingService, user: string, factors: CheckedFactor[], rpId: string | undefined, noCredentials: boolean,
): Promise<[free: CheckedFactor[], taken: Left[]]> {
  const free: CheckedFactor[] = []
  const taken: Left[] = []
  for (const factor of factors) {
    const reason = (await takenBy(factor)) ?? (await isUnknown(context, user, factor.yubico) ? 'unknown-key' : undefined)
    if (reason === undefined) free.push(factor)
    else taken.push({ what: factor.what, reason })
  }
  return [free, taken]

  async function takenBy({ credential, rpId: madeFor }: CheckedFactor): Promise<LeftReason | undefined> {
    if (credential === undefined) return undefined
    if (rpId !== undefined && madeFor !== undefined && madeFor.toLowerCase() !== rpId) return 'other-rp-id'
    const anothers = async (claim: string) => ![undefined, user].includes(await context.owner(claim))
    if (credential.userHandle !== undefined && (await anothers(credential.userHandle))) return 'user-handle-taken'
    const claim = openEnvelope<string>(service.credentialClaim(credential.id)).value
    return noCredentials || (await anothers(claim)) ? 'credential-taken' : undefined
  }
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
  rpId?: string
  u2f?: CheckedU2f
  yubico?: ForeignYubicoKey
  recovery?: { codes: string[] }
}

/** With bytes as base64url text. */
interface CheckedU2f extends Omit<ForeignU2fKey, 'keyHandle' | 'publicKey'> {
  keyHandle: string
  publicKey: string
}

const checkOptions = object<RpOption>({ rp: optional(checkUsableRp) })

const what = text(2048)

const checkShape = object<CheckedFactor>({
  what,
  description,
  created: optional(epochMilliseconds),
  notes: optional(listOf(text(64) as Check<MigrationNote>, { max: 16 })),
  uri: optional(text(4096)),
  credential: optional(checkCredential),
  rpId: optional(text(255)),
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

function checkMigration(migration: unknown): { factors: CheckedFactor[]; left: Left[] } {
  if (Array.isArray(migration) || own(Object(migration), 'factors') === undefined) {
    throw invalid('migration', 'what fromOtplib(), fromSimpleWebAuthn() or another reader of countersign/migration returned')
  }
  return checkFound(migration, '')
}

const checkFound = object<{ factors: CheckedFactor[]; left: Left[] }>({
  factors: listOf(checkFactor, { max: 256 }),
  left: listOf(
    object<Left>({ what, reason: text(64) as Check<LeftReason>, member: optional(text(64)) }),
    { max: 10_000 },
  ),
})
