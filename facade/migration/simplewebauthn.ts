import { checkOptions } from './options.js'
import type { CredentialOptions } from './options.js'
import type { ForeignCredential, Left, Migration } from './types.js'
import { base64url, boolean, integer, isRow, list, member, name, time } from './values.js'

/**
 * Reads credentials of `@simplewebauthn/server`: its documented `Passkey`, the result of `verifyRegistrationResponse()`
 * (also of versions before 11, with `credentialID` and `credentialPublicKey`), and rows of tables that follow these,
 * such as better-auth's `passkey`.
 *
 * | | members |
 * | --- | --- |
 * | needed | `id`, `publicKey` (a COSE key), `counter` |
 * | read | `transports` (a list, or with commas), `deviceType`, `backedUp`, `webAuthnUserID`, `aaguid`, `userVerified`, `name`, ... |
 *
 * Bytes may be a `Uint8Array`, base64 of any kind, or the JSON form of a `Buffer`. Other members are ignored.
 *
 * @param credentials one or a list
 *
 * @example
 * const found = fromSimpleWebAuthn(await db.passkeys.findMany({ where: { userId } }))
 * const { taken, left } = await countersign.importFactors(userId, found)
 */
export function fromSimpleWebAuthn(credentials: unknown, options: CredentialOptions = {}): Migration {
  const { userHandle, description } = checkOptions.credentials(options, '')
  const migration: Migration = { factors: [], left: [] }
  for (const [index, row] of list(credentials).entries()) {
    const found = read(row, `[${index}]`, userHandle, description)
    if ('reason' in found) migration.left.push(found)
    else migration.factors.push(found)
  }
  return migration
}

function read(
  row: unknown, place: string, handle: string | undefined, description: string | undefined,
): ForeignCredential | Left {
  if (!isRow(row)) return { what: place, reason: 'malformed' }
  // `registrationInfo` has the credential inside and its flags beside it.
  const nested = member(row, 'credential')
  const credential = isRow(nested) ? nested : row
  const called = name(member(row, 'description', 'name', 'nickname'))
  const what = called === undefined ? place : `${place} ${called}`
  const malformed = (of: string): Left => ({ what, reason: 'malformed', member: of })
  // The row's own `id` may be another.
  const id = base64url(member(credential, 'credentialID', 'credentialId', 'credential_id', 'cred_id', 'id'))
  if (id === undefined || id.length > 1364) return malformed('id')
  const publicKey = base64url(
    member(credential, 'publicKey', 'credentialPublicKey', 'public_key', 'credential_public_key', 'cred_public_key'),
  )
  if (publicKey === undefined || publicKey.length > 16_384) return malformed('publicKey')
  const signCount = integer(member(credential, 'counter', 'signCount', 'sign_count'), 0xffff_ffff)
  if (signCount === undefined) return malformed('counter')
  const givenHandle = member(row, ...handleNames)
  const userHandle = givenHandle === undefined ? handle : base64url(givenHandle)
  if (givenHandle !== undefined && (userHandle?.length ?? 87) > 86) return malformed('webAuthnUserID')
  const backup = readBackup(row)
  if (backup === undefined) return malformed('deviceType')
  const transports = readTransports(member(credential, 'transports') ?? member(row, 'transports'))
  const aaguid = member(row, 'aaguid', 'AAGUID')
  const userVerified = boolean(member(row, 'userVerified', 'user_verified'))
  const created = time(member(row, 'createdAt', 'created_at', 'created'))
  return {
    what,
    description: called ?? description ?? (backup.backupEligible === true ? 'passkey' : 'security key'),
    ...(created !== undefined && { created }),
    credential: {
      id,
      publicKey,
      signCount,
      ...(transports && { transports }),
      ...(typeof aaguid === 'string' && uuid.test(aaguid) && { aaguid: aaguid.toLowerCase() }),
      ...backup,
      ...(userVerified !== undefined && { userVerified }),
      ...(userHandle !== undefined && { userHandle }),
    },
    notes: [],
  }
}

const handleNames = [
  'webAuthnUserID', 'webauthnUserID', 'webAuthnUserId', 'webauthnUserId', 'webauthn_user_id',
  'userHandle', 'user_handle',
]
const uuid = /^[\dA-Fa-f]{8}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{12}$/

/** Nothing where nobody recorded the flags: then the first success may still set them. */
function readBackup(row: object): { backupEligible?: boolean; backupState?: boolean } | undefined {
  const type = member(row, 'deviceType', 'credentialDeviceType', 'device_type', 'credential_device_type')
  const backupState = boolean(member(row, ...stateNames))
  const eligible = boolean(member(row, 'backupEligible', 'backup_eligible'))
  if (type === undefined && eligible === undefined) return backupState === true ? { backupEligible: true, backupState } : {}
  if (type !== undefined && type !== 'singleDevice' && type !== 'multiDevice') return undefined
  return { backupEligible: eligible ?? type === 'multiDevice', backupState: backupState === true }
}

const stateNames = [
  'backedUp', 'credentialBackedUp', 'backed_up', 'credential_backed_up', 'backupState', 'backup_state', 'backupStatus',
  'backup_status',
]

function readTransports(value: unknown): string[] | undefined {
  const found = typeof value === 'string' ? value.replaceAll(/["[\]\s{}]/g, '').split(',') : value
  if (!Array.isArray(found)) return undefined
  return found.filter((one): one is string => typeof one === 'string' && one.length <= 64 && /^[\w-]+$/.test(one)).slice(0, 16)
}
