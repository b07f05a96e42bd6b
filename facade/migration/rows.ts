import { own } from '../shared/check.js'
import { isKeyUri } from '../shared/key-uri.js'
import { fromKeePass, fromStratum, onePasswordItems, uriLines } from './password-managers.js'
import { isSealed } from './sealed.js'
import { boolean, fromJson, integer, isRow, list, member, names, plainName } from './values.js'

// Rows out of the forms that databases and programs put around them. Only forms that say themselves what they are.

/** One row, or a list of them; a text column may hold either as JSON. */
export function rows(value: unknown, isWhole: IsWhole): unknown[] {
  return list(value).flatMap((one) => {
    const parsed = fromJson(one)
    return (parsed === undefined ? [one] : list(parsed)).flatMap((row) => unwrapped(row, isWhole))
  })
}

/** Whether a row has what makes a factor. Then a list in it is of something else. */
export type IsWhole = (row: object) => boolean

/** As {@link rows} for secrets, whose text may be one that looks like JSON. */
export function secretRows(value: unknown, isWhole: IsWhole): unknown[] {
  return list(value).flatMap((one) => {
    const parsed = fromJson(one)
    return (Array.isArray(parsed) ? parsed : (uriLines(one) ?? [one])).flatMap((row) => unwrapped(row, isWhole))
  })
}

/**
 * The rows that one holds: its items, if it is a list with something around it, each without DynamoDB's types and
 * under the names that the readers know.
 */
function unwrapped(given: unknown, isWhole: IsWhole, depth = 0): unknown[] {
  if (!isRow(given)) return [given]
  const row = fromDynamo(given instanceof Map ? Object.fromEntries(given as Map<string, unknown>) : given)
  const items = depth < 5 && !isWhole(row) && !isSealedExport(row) ? itemsOf(row) : undefined
  if (items) return items.flatMap((item) => unwrapped(item, isWhole, depth + 1))
  return [readers.reduce<object | undefined>((found, read) => found ?? read(row), undefined) ?? row]
}

/** Those of one program each. */
const readers = [
  fromKeycloak, fromNextcloud, fromBitwarden, fromDiscourse, fromVaultwarden, fromAuthelia, fromStratum, fromKeePass, fromTrench, fromNamedValue,
]

/** What DynamoDB's JSON says of a value: `{ S: 'text' }`, `{ N: '6' }`, ... An export has each row as `Item`. */
export function fromDynamo(row: object): object {
  const item = own(row, 'Item')
  const typed = Object.keys(row).length === 1 && isRow(item) ? item : row
  const values = Object.values(typed) as unknown[]
  return values.length > 0 && values.every(isTyped) ? (ofType(typed, 'M') as object) : row
}

const dynamoTypes = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'])

function isTyped(value: unknown): value is object {
  if (!isRow(value)) return false
  const [type, ...others] = Object.keys(value)
  return type !== undefined && others.length === 0 && dynamoTypes.has(type)
}

function untyped(value: unknown): unknown {
  if (!isTyped(value)) return value
  const [type] = Object.keys(value)
  return ofType(own(value, type!), type!)
}

function ofType(value: unknown, type: string): unknown {
  if (type === 'NULL') return null
  if (type === 'B') return typeof value === 'string' ? Buffer.from(value, 'base64') : value
  if (type === 'L') return Array.isArray(value) ? value.map(untyped) : undefined
  if (type !== 'M') return value
  return isRow(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, untyped(one)])) : undefined
}

/**
 * The factors of a user or of an export, such as `{ passkeys: [...] }`; Django's `fields`; what Ory Kratos keeps with
 * one user handle; the entries of Aegis. `undefined`: the row is none of these.
 */
function itemsOf(row: object): unknown[] | undefined {
  const [fields, config, db] = [member(row, 'fields'), parsed(member(row, 'config')), member(row, 'db')]
  if (isRow(fields) && names(row, 'model')) return [fields]
  const ofOnePassword = onePasswordItems(row)
  if (ofOnePassword) return ofOnePassword
  const credentials = isRow(config) ? member(config, 'credentials') : undefined
  if (isRow(config) && Array.isArray(credentials)) {
    const userHandle = member(config, 'userhandle')
    return credentials.map((one: unknown) => (isRow(one) && !names(one, 'userhandle') ? { ...one, userHandle } : one))
  }
  if (isRow(db) && Array.isArray(member(db, 'entries'))) return [db]
  // FreeOTP's.
  const tokens = names(row, 'tokenorder') ? member(row, 'tokens') : undefined
  if (Array.isArray(tokens)) return tokens
  const keys = names(row, 'atype') ? parsed(member(row, 'data')) : undefined
  const yubico = isRow(keys) ? member(keys, 'keys') : names(row, 'nfc') ? member(row, 'keys') : undefined
  if (Array.isArray(yubico)) return yubico.map((publicId: unknown) => ({ publicId, enabled: member(row, 'enabled') }))
  // Vaultwarden's keys are in one row, which says whether all of them are on.
  if (Array.isArray(keys)) return keys.filter(isRow).map((one) => ({ ...one, enabled: member(row, 'enabled') }))
  const lists = Object.keys(row).filter((key) => listNames.has(plainName(key))).map((key) => parsed(own(row, key)))
  const items = lists.filter((one): one is unknown[] => Array.isArray(one) && one.every((item) => isRow(parsed(item))))
  return items.length > 0 ? items.flat().map(parsed) : undefined
}

const parsed = (value: unknown): unknown => fromJson(value) ?? value

const listNames = new Set([
  'factors', 'mfafactors', 'devices', 'mfadevices', 'authenticators', 'credentials', 'webauthncredentials', 'passkeys',
  'securitykeys', 'u2fkeys', 'entries', 'services', 'items', 'accounts', 'totpconfigurations',
  'authenticatortokens', 'vaults',
])

/** Whether a row is an export that an app has encrypted as a whole. */
export function isSealedExport(row: object): boolean {
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (boolean(member(row, 'encrypted')) === true || isText(member(row, 'servicesencrypted'))) return true
  if (isText(member(row, 'encrypteddata')) && names(row, 'encryptionnonce')) return true
  return isText(member(row, 'db')) && names(row, 'header')
}

/**
 * Keycloak's table `credential` and its exports. Its secret is the key's UTF-8 itself, or base32 if `secretEncoding`
 * says so.
 */
function fromKeycloak(row: object): object | undefined {
  const [about, secrets] = [parsed(member(row, 'credentialdata')), parsed(member(row, 'secretdata'))]
  if (!isRow(about)) return undefined
  const described = { description: member(row, 'userlabel'), createdAt: member(row, 'createddate') }
  if (member(row, 'type') !== 'otp') return { type: member(row, 'type'), ...about, ...described }
  const encoding = member(about, 'secretencoding')
  return {
    type: member(about, 'subtype'),
    digits: member(about, 'digits'),
    period: member(about, 'period'),
    algorithm: member(about, 'algorithm'),
    encoding: encoding === 'BASE32' ? 'base32' : encoding === undefined ? 'utf8' : 'unknown',
    secret: isRow(secrets) ? member(secrets, 'value') : undefined,
    ...described,
  }
}

/** Nextcloud's `twofactor_totp_secrets`, where numbers stand for the algorithm and for how far the enrolment got. */
function fromNextcloud(row: object): object | undefined {
  if (!names(row, 'lastcounter') || !names(row, 'state') || !names(row, 'secret')) return undefined
  const state = integer(member(row, 'state'), 2)
  const given = member(row, 'algorithm')
  if (state === undefined) return undefined
  return {
    type: 'totp',
    secret: member(row, 'secret') ?? null,
    algorithm: ['SHA1', 'SHA256', 'SHA512'][(integer(given, 3) ?? 0) - 1] ?? given,
    digits: member(row, 'digits'),
    period: member(row, 'period'),
    ...(state === 1 && { confirmed: false }),
    ...(state === 0 && { enabled: false }),
  }
}

/** An item of Bitwarden: most have no app, and its passkeys are the user's private keys. */
function fromBitwarden(row: object): object | undefined {
  const login = member(row, 'login')
  if (!isRow(login) || !(names(login, 'totp') || names(login, 'fido2credentials'))) return undefined
  const totp = member(login, 'totp')
  return { secret: totp ?? null, description: member(row, 'name'), account: member(login, 'username'), deletedDate: member(row, 'deleteddate') }
}

/** Discourse's `user_second_factors`, where a number stands for the kind, and `data` is the secret. */
function fromDiscourse(row: object): object | undefined {
  if (!names(row, 'method') || !names(row, 'lastused') || !names(row, 'data')) return undefined
  const kind = ['totp', 'backup_codes', 'security_key'][(integer(member(row, 'method'), 3) ?? 0) - 1]
  if (kind === undefined) return undefined
  const about = { enabled: member(row, 'enabled'), description: member(row, 'name'), createdAt: member(row, 'createdat') }
  return { type: kind, ...(kind === 'totp' && { secret: member(row, 'data') ?? null }), ...about }
}

/** Vaultwarden's `twofactor`, where a number stands for the kind. Keys are in lists. */
function fromVaultwarden(row: object): object | undefined {
  if (!names(row, 'atype') || !names(row, 'data')) return undefined
  const isApp = integer(member(row, 'atype'), 1_000_000) === 0
  return isApp ? { type: 'totp', secret: member(row, 'data') ?? null, enabled: member(row, 'enabled') } : { type: 'other' }
}

/** The table of django-trench, where a name stands for the kind: only `app` is somebody's app, and the others' codes are sent. */
function fromTrench(row: object): object | undefined {
  if (!names(row, 'isprimary') || !names(row, 'backupcodes') || !names(row, 'secret')) return undefined
  const kind = member(row, 'name')
  return { ...row, name: undefined, type: kind === 'app' ? 'totp' : 'other' }
}

/** Authelia's passkeys, where `verified` is the flag of the ceremony. Old ones have no flags. */
function fromAuthelia(row: object): object | undefined {
  const [credentialId, rpId, publicKey] = [member(row, 'kid'), member(row, 'rpid'), member(row, 'publickey')]
  if (credentialId === undefined || rpId === undefined || publicKey === undefined) return undefined
  const isOld = boolean(member(row, 'legacy')) === true
  const others = Object.entries(row).filter(([key]) => {
    const name = plainName(key)
    return name !== 'verified' && !(isOld && (name === 'backupeligible' || name === 'backupstate'))
  })
  return { ...Object.fromEntries(others), credentialId, userVerified: member(row, 'verified') }
}

/** Tables of one value a row, by its name: those of WordPress (Two-Factor) and of ASP.NET Core Identity. KeePassXC's key URI. */
function fromNamedValue(row: object): object | undefined {
  const uri = member(row, 'totp', 'otp')
  if (typeof uri === 'string' && isKeyUri(uri) && !names(row, 'secret')) return { ...row, secret: uri }
  if (member(row, 'metakey') === '_two_factor_totp_key') return { secret: member(row, 'metavalue') ?? null }
  const isIdentity = member(row, 'loginprovider') === '[AspNetUserStore]' && member(row, 'name') === 'AuthenticatorKey'
  return isIdentity ? { secret: member(row, 'value') ?? null } : undefined
}

/** Whether a row says that it is of another kind than `kinds`, all in lower case. */
export function isOfOtherKind(row: object, kinds: readonly string[]): boolean {
  const said = ['type', 'factortype', 'kind', 'credentialtype'].map((name) => member(row, name))
  return said.some((one) => typeof one === 'string' && otherKinds.has(plainName(one)) && !kinds.includes(plainName(one)))
}

const otherKinds = new Set([
  'totp', 'otp', 'hotp', 'webauthn', 'webauthnpasswordless', 'passkey', 'fido2', 'u2f', 'password', 'sms', 'phone', 'email', 'push', 'voice',
  'other', 'securitykey', 'recoveryauthncodes', 'recoverycodes', 'backupcodes', 'backupcode', 'lookupsecret', 'yubikey', 'duo',
])

/** A row that could not be read: what it is instead, if it says so. */
export function instead(row: object, kinds: readonly string[]): 'encrypted' | 'unsupported-type' | undefined {
  if (isSealed(row) || isSealedExport(row)) return 'encrypted'
  return isOfOtherKind(row, kinds) ? 'unsupported-type' : undefined
}
