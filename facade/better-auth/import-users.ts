import type { Countersign } from '../service/countersign.js'
import { flag, object, optional } from '../shared/check.js'
import { fromBetterAuth, fromSimpleWebAuthn } from '../migration/index.js'
import type { Left, Migration } from '../migration/types.js'
import { peer } from './peer.js'
import { serviceOf } from './plugin.js'
import type { Account, Auth } from './types.js'

export interface ImportUsersOptions {
  /** Also takes the passkeys of `@better-auth/passkey`. They are then second factors too. Default true. */
  passkeys?: boolean
  /**
   * Whether each of those passkeys has verified its user (PIN, fingerprint), as your registration required. If not, a
   * passkey signs in alone only after it has verified its user in a sign-in with a first factor. Default false.
   */
  passkeysVerified?: boolean
  /** Ends the sessions of each user who gets factors: better-auth did not ask for one in every sign-in. Default false. */
  endSessions?: boolean
}

export interface ImportedUsers {
  /** Users who got at least one factor. */
  users: number
  factors: number
  /** Users who were left as they are, because they have factors here, or have removed those that they had. */
  skipped: number
  /** What was left of the others, and why; nothing of it is secret. */
  left: (Left & { user: string })[]
}

/**
 * Gives the users of better-auth's plugins `two-factor` and `@better-auth/passkey` the same factors here. Both plugins have to
 * be registered beside `countersign()`. Their tables stay as they are. It may run while the server does, and again if it was
 * broken off: all factors of a user come in one change.
 *
 * @throws CountersignError `invalid-argument` if the plugin is not among those of `auth`
 * @example
 * const { users, factors, left } = await importUsers(auth, { endSessions: true })
 */
export async function importUsers(
  auth: { $context: Promise<unknown> } & Parameters<typeof serviceOf>[0],
  options: ImportUsersOptions = {},
): Promise<ImportedUsers> {
  const { passkeys = true } = checkOptions(options, 'options')
  const context = (await auth.$context) as Auth
  const service = await serviceOf(auth)
  const report: ImportedUsers = { users: 0, factors: 0, skipped: 0, left: [] }
  const seen = new Set<string>()
  for (const model of models(context, passkeys)) {
    for await (const { userId } of rowsOf(context, model)) {
      if (seen.has(userId)) continue
      seen.add(userId)
      const account = (await context.internalAdapter.findUserById(userId)) as Account | null
      if (!account) continue
      const { enrolled, removed } = await service.status(userId)
      // Nothing comes back that a user has removed here since.
      if (enrolled || removed) report.skipped += 1
      else await importUser(context, service, account, options, report)
    }
  }
  return report
}

interface TwoFactorRow {
  userId: string
  secret: string
  backupCodes: string
  verified?: boolean | null
}

interface TwoFactorOptions {
  totpOptions?: { digits?: number; period?: number }
  backupCodeOptions?: { storeBackupCodes?: 'plain' | 'encrypted' | { decrypt: (codes: string) => Promise<string> } }
}

const checkOptions = object<ImportUsersOptions>({
  passkeys: optional(flag),
  passkeysVerified: optional(flag),
  endSessions: optional(flag),
})

const pageSize = 200
/** More than a user may have. */
const maxRows = 1000

/** Those tables that are there. */
function models(auth: Auth, passkeys: boolean): ('twoFactor' | 'passkey')[] {
  return [...(pluginOf(auth, 'two-factor') ? ['twoFactor' as const] : []), ...(passkeys && pluginOf(auth, 'passkey') ? ['passkey' as const] : [])]
}

async function* rowsOf({ adapter }: Auth, model: string): AsyncIterable<{ userId: string }> {
  for (let offset = 0; ; offset += pageSize) {
    const sortBy = { field: 'id', direction: 'asc' } as const
    const page = (await adapter.findMany({ model, limit: pageSize, offset, sortBy })) as { userId: string }[]
    yield* page
    if (page.length < pageSize) return
  }
}

/** All factors of a user in one change. */
async function importUser(
  auth: Auth,
  service: Countersign,
  account: Account,
  { passkeys = true, passkeysVerified = false, endSessions = false }: ImportUsersOptions,
  report: ImportedUsers,
): Promise<void> {
  const { id } = account
  const where = [{ field: 'userId', value: id }]
  const found: Migration = { factors: [], left: [] }
  for (const model of models(auth, passkeys)) {
    for (const row of (await auth.adapter.findMany({ model, where, limit: maxRows })) as object[]) {
      const verified = passkeysVerified ? { userVerified: true } : {}
      const read = model === 'passkey' ? fromSimpleWebAuthn({ ...row, ...verified }) : await appOf(auth, account, row as TwoFactorRow)
      found.factors.push(...read.factors)
      found.left.push(...read.left)
    }
  }
  // Recovery codes come last: they need another factor beside them.
  found.factors.sort((a, b) => Number('recovery' in a) - Number('recovery' in b))
  const { taken, left } = await service.importFactors(id, found)
  report.left.push(...left.map((one) => ({ ...one, user: id })))
  if (taken.length === 0) return
  report.users += 1
  report.factors += taken.length
  await auth.internalAdapter.updateUser(id, { countersignEnrolled: true })
  if (endSessions) await auth.internalAdapter.deleteUserSessions(id)
}

async function appOf(auth: Auth, { twoFactorEnabled }: Account, row: TwoFactorRow): Promise<Migration> {
  const { totpOptions: { digits, period } = {}, backupCodeOptions } = (pluginOf(auth, 'two-factor')?.options ?? {}) as TwoFactorOptions
  // Older versions did not note in the row whether the app had been proved.
  const verified = twoFactorEnabled === true && row.verified !== false
  const secret = await opened(auth, row.secret)
  const backupCodes = verified ? await codesOf(auth, row.backupCodes, backupCodeOptions?.storeBackupCodes) : null
  const about = { ...(digits !== undefined && { digits }), ...(period !== undefined && { period }) }
  return fromBetterAuth({ secret, backupCodes, verified }, about)
}

/** What can't be opened is reported as what it still is. */
async function opened({ secretConfig }: Auth, data: string): Promise<string> {
  return peer().crypto.symmetricDecrypt({ key: secretConfig, data }).catch(() => data)
}

async function codesOf(
  auth: Auth,
  codes: string,
  stored: NonNullable<TwoFactorOptions['backupCodeOptions']>['storeBackupCodes'] = 'encrypted',
): Promise<string> {
  if (stored === 'plain') return codes
  return stored === 'encrypted' ? opened(auth, codes) : stored.decrypt(codes)
}

function pluginOf({ options }: Auth, name: string): { options?: object | undefined } | undefined {
  return (options.plugins ?? []).find(({ id }) => id === name) as { options?: object } | undefined
}
