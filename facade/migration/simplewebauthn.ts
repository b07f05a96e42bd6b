import { isWellFormed } from '../shared/check.js'
import { checkOptions } from './options.js'
import type { CredentialOptions } from './options.js'
import { readAttested } from './attested.js'
import { algorithmOf, coseAlgorithm, coseKey, isWebauthnRs } from './public-key.js'
import { instead, rows } from './rows.js'
import { isSealed } from './sealed.js'
import { standing } from './standing.js'
import type { ForeignCredential, Left, Migration } from './types.js'
import { base64url, boolean, fromJson, idBytes, integer, isRow, member, members, name, names, plainName, time, uuid } from './values.js'

/**
 * Reads credentials of `@simplewebauthn/server`: its documented `Passkey`, the result of `verifyRegistrationResponse()`
 * or its `registrationInfo` (also of versions before 11, with `credentialID` and `credentialPublicKey`), and rows of
 * tables that follow these or hold the same, such as those of better-auth, Auth.js (next-auth), passport-fido2-webauthn,
 * Lucia's examples and go-webauthn.
 *
 * | | members |
 * | --- | --- |
 * | needed | `credentialID` (or `id`), `publicKey` |
 * | read | `counter`, `transports` (a list, or with commas), `deviceType`, `backedUp`, `webAuthnUserID`, `aaguid`, `userVerified`, `name`, ... |
 *
 * Names may be written in any case and with underscores. Bytes may be a `Uint8Array`, base64 of any kind, the JSON form
 * of a `Buffer`, or MongoDB's `Binary`. The key is COSE, PEM, a JWK, a bare point or JSON of webauthn-rs. Without a
 * `counter`, the first success sets it (`counter-not-recorded`). Other members are ignored.
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
  for (const [index, row] of rows(credentials, isWhole).entries()) {
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
  const layers = unfold(readAttested(row))
  const called = name(first([row, ...layers], 'description', 'name', 'nickname', 'label', 'alias', 'devicename', 'friendlyname'))
  const what = called === undefined ? place : `${place} ${called}`
  const malformed = (of: string): Left => ({ what, reason: 'malformed', member: of })
  const off = standing(row, ...layers)
  if (off) return { what, reason: off }
  const id = readId(layers, row)
  const other = id === undefined ? instead(row, ['webauthn', 'webauthnpasswordless', 'passkey', 'securitykey', 'fido2']) : undefined
  if (other) return { what, reason: other }
  if (id === undefined || id.length > 1364) return malformed('id')
  const algorithm = algorithmOf(first(layers, 'algorithm', 'alg', 'algorithmid', 'cosealgorithm'))
  const held = first(layers, ...keyNames)
  if (isSealed(held)) return { what, reason: 'encrypted' }
  const key = coseKey(held, algorithm)
  if (key === undefined || key.length > 16_384) return malformed('publicKey')
  const said = coseAlgorithm(key)
  if (algorithm !== undefined && said !== undefined && said !== algorithm) return malformed('algorithm')
  const counter = first(layers, ...counterNames)
  // Discourse and those who keep the key in a form of their own keep none. What the authenticator then says is greater.
  // As a file of columns has none.
  const isNone = counter === undefined || (typeof counter === 'string' && counter.trim() === '')
  const rpId = first(layers, 'rpid', 'relyingpartyid')
  const signCount = isNone ? 0 : integer(counter, 0xffff_ffff)
  if (signCount === undefined) return malformed('counter')
  const givenHandle = first(layers, 'webauthnuserid', 'userhandle', 'webauthnuserhandle')
  const userHandle = givenHandle === undefined || givenHandle === '' ? handle : readHandle(givenHandle)
  if (userHandle === null || (userHandle?.length ?? 0) > 86) return malformed('webAuthnUserID')
  const backup = readBackup(layers)
  if (typeof backup === 'string') return malformed(backup)
  const transports = readTransports(first(layers, 'transports', 'transport', 'authenticatortransports'))
  const aaguid = readAaguid(first(layers, 'aaguid'))
  // `uvInitialized` is the name of the specification's credential record (WebAuthn Level 3, 4).
  const userVerified = boolean(first(layers, 'userverified', 'isuserverified', 'uvinitialized'))
  const created = time(first([row, ...layers], 'createdat', 'created', 'createdon', 'createddate', 'dateadded', 'addedat', 'regdate'))
  return {
    what,
    description: called ?? description ?? (backup.backupEligible === true ? 'passkey' : 'security key'),
    ...(created !== undefined && { created }),
    ...(typeof rpId === 'string' && rpId !== '' && rpId.length <= 255 && { rpId }),
    credential: {
      id,
      publicKey: key,
      signCount,
      ...(transports && { transports }),
      ...(aaguid !== undefined && { aaguid }),
      ...backup,
      ...(userVerified !== undefined && { userVerified }),
      ...(userHandle !== undefined && { userHandle }),
    },
    notes: isNone ? ['counter-not-recorded'] : [],
  }
}

/**
 * The objects that a row is made of, from the credential outwards: `registrationInfo` has the credential inside and
 * its flags beside it, and a row may hold either as JSON.
 */
function unfold(row: object): object[] {
  const inner = (of: object, ...wanted: string[]) => {
    const value = member(of, ...wanted)
    const found = fromJson(value) ?? value
    return isRow(found) ? found : undefined
  }
  const info = inner(row, 'registrationinfo', 'authenticatorinfo')
  const credential = inner(info ?? row, 'credential', 'passkey', 'webauthncredential')
  const around = info ?? row
  // A `Passkey` of webauthn-rs has its `Credential` inside, and that one its key, both as `cred`.
  const cred = inner(credential ?? around, 'cred')
  const inmost = cred && !isWebauthnRs(cred) ? cred : undefined
  // Of Fido2 for .NET and of WebAuthn4J.
  const described = inner(credential ?? around, 'descriptor', 'descriptorjson', 'attestedcredentialdata')
  // `data` is a column of ASP.NET Core Identity and of tables made by PHP's webauthn-lib.
  const beside = ['authenticator', 'flags', 'data'].map((part) => inner(credential ?? around, part) ?? inner(around, part))
  return [described, inmost, credential, info, row, ...beside].filter((layer) => layer !== undefined)
}

function first(layers: object[], ...wanted: string[]): unknown {
  for (const layer of layers) {
    const value = member(layer, ...wanted)
    if (value !== undefined) return value
  }
  return undefined
}

const isWhole = (row: object) => unfold(row).some((layer) => names(layer, ...keyNames))

const counterNames = [
  'counter', 'signcount', 'signcounter', 'signaturecounter', 'signaturecount', 'prevcounter', 'lastcounter', 'lastsigncount', 'storedsigncount',
  'authenticatorcounter', 'credentialcounter', 'passkeycounter',
]

const keyNames = [
  'publickey', 'credentialpublickey', 'credpublickey', 'credentialpublickeypem', 'publickeypem', 'base64publickey',
  'publickeycose', 'cosepublickey', 'publickeyjwk', 'publickeybytes', 'pubkey', 'cred', 'cosekey', 'jwk', 'publicjwk',
]

/**
 * The credential id. A row's own key may stand beside it as `id`; two that differ can't both be it.
 */
function readId(layers: object[], row: object): string | undefined {
  // JSON leaves `{}` of an `ArrayBuffer`.
  const isThere = (value: unknown) => !isRow(value) || value instanceof ArrayBuffer || Object.keys(value).length > 0
  const named = layers.flatMap((layer) => {
    return members(layer, ...Object.keys(layer).map(plainName).filter(isIdName)).filter(isThere)
  })
  if (named.length > 0) {
    const found = new Set(named.map(idBytes).filter((one) => one !== undefined))
    const [only = ''] = found
    return found.size === 1 && isLong(only) ? only : undefined
  }
  const [innermost = row] = layers
  const given = member(innermost, 'id')
  // Inside a credential there is no other.
  if (innermost !== row) return idBytes(given)
  const found = typeof given === 'string' && isRowKey(given) ? undefined : idBytes(given)
  // The row's own key may be made of anything, and one of these the credential's id.
  const others = members(row, ...otherIdNames).filter((one) => !(typeof one === 'string' && isRowKey(one))).map(idBytes)
  if (others.some((one) => one !== undefined && isLong(one) && one !== found)) return undefined
  return found !== undefined && isLong(found) ? found : undefined
}

/** Authenticators make none that are shorter (WebAuthn Level 3, credential ID). */
const isLong = (id: string) => id.length >= 22

const otherIdNames = [
  'passkeyid', 'webauthnid', 'webauthnkeyid', 'authenticatorid', 'fidoid', 'fido2id', 'cid', 'kid', 'identifier',
]

const isIdName = (key: string) =>
  key === 'keyid' ||
  ['credid', 'credentialid', 'credentialrawid', 'rawid', 'credentialxid', 'externalid', 'keyhandle', 'credentialidentifier'].some((end) => {
    return key.endsWith(end) || key.endsWith(`${end}base64`) || key.endsWith(`${end}base64url`) || key.endsWith(`${end}b64`)
  })

/** What databases and their helpers make as the key of a row: UUID, ObjectId, ULID, TypeID, cuid, numbers. */
function isRowKey(text: string): boolean {
  if (uuid.test(text) || /^\d+$/.test(text)) return true
  // Without its dashes, a UUID has as many digits as the shortest ids of credentials.
  if (text.length === 32 && /^[\dA-Fa-f]+$/.test(text)) return true
  // Of 24 bytes, which no authenticator is known to make: better-auth's, Nano ID's and others of letters and digits.
  if (text.length === 32 && /^[\dA-Za-z]+$/.test(text)) return true
  if (/^(?:pk|key|cred|credential|passkey|webauthn|wa|auth|authn|device|factor|mfa)_[\dA-Za-z]+$/.test(text)) return true
  if (text.at(-27) === '_' && /^[a-z_]+$/.test(text.slice(0, -26)) && /^[\da-z]+$/.test(text.slice(-26))) return true
  if (text.length === 24 && (/^[\dA-Fa-f]+$/.test(text) || /^[a-z][\da-z]+$/.test(text))) return true
  return (text.length === 25 && /^c[\da-z]+$/.test(text)) || (text.length === 26 && /^[\dA-Z]+$/.test(text))
}

/**
 * `null`: it can't be read. `undefined`: a text that may be the handle or stand for other bytes, so that the passkey
 * would never be found by it.
 */
function readHandle(value: unknown): string | null | undefined {
  const handle = base64url(value)
  if (handle === undefined) return null
  if (typeof value !== 'string') return handle
  const bytes = Buffer.from(handle, 'base64url')
  if (uuid.test(value)) return undefined
  return bytes.length >= 16 || isText(bytes) ? handle : undefined
}

function isText(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  // oxlint-disable-next-line no-control-regex -- these are what it is for
  return isWellFormed(text) && !/[\x00-\x1f\x7f\ufffd]/.test(text)
}

/** As a UUID's text, or as bytes. */
function readAaguid(value: unknown): string | undefined {
  if (typeof value === 'string' && uuid.test(value)) return value.toLowerCase()
  const hex = Buffer.from(base64url(value) ?? '', 'base64url').toString('hex')
  if (hex.length !== 32) return undefined
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Nothing where nobody recorded the flags: then the first success may still set them. Text: the member that is wrong. */
function readBackup(layers: object[]): { backupEligible?: boolean; backupState?: boolean } | string {
  const given = first(layers, 'devicetype', 'credentialdevicetype')
  // Python writes `CredentialDeviceType.MULTI_DEVICE` of an enumeration.
  const type = typeof given === 'string' ? plainName(given.slice(given.lastIndexOf('.') + 1)) : given
  const backupState = boolean(first(layers, ...stateNames))
  const said = boolean(first(layers, 'backupeligible', 'isbackupeligible'))
  // Programs with webauthn-rs write `false` for what older versions did not record.
  const eligible = said === false && layers.some((layer) => isWebauthnRs(member(layer, 'cred'))) ? undefined : said
  // Some keep the attachment under this name.
  const known = type === 'singledevice' || type === 'multidevice'
  if (type !== undefined && !known && type !== 'platform' && type !== 'crossplatform') return 'deviceType'
  if (!known && eligible === undefined) return backupState === true ? { backupEligible: true, backupState } : {}
  const backupEligible = eligible ?? type === 'multidevice'
  // What is not eligible is not backed up.
  if (backupState === true && !backupEligible) return 'backedUp'
  return { backupEligible, backupState: backupState === true }
}

const stateNames = ['backedup', 'credentialbackedup', 'backupstate', 'backupstatus', 'isbackedup']

function readTransports(value: unknown): string[] | undefined {
  const json = fromJson(value)
  const whole = typeof value === 'string' && !Array.isArray(json) ? value.split(/[^\w.-]+/) : (json ?? value)
  const found = whole instanceof Set ? [...(whole as Set<unknown>)] : whole
  if (!Array.isArray(found)) return undefined
  // Enumerations write `AuthenticatorTransport.USB`, and browsers know lower case only.
  const words = found.filter((one) => typeof one === 'string').map((one) => one.slice(one.lastIndexOf('.') + 1).trim().toLowerCase())
  return [...new Set(words)].filter((one) => one.length <= 64 && /^[\w-]+$/.test(one) && one !== 'null').slice(0, 16)
}
