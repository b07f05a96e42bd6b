import { readRelyingParty, webauthnVerifyAuthentication } from '#binding'
import type { BindingRelyingParty } from '#binding'

import { verified } from './ceremony.js'
import type { Verdict } from './ceremony.js'
import { jsonText } from '../shared/json.js'
import type { RelyingPartyToVerify } from './policy.js'
import type { CheckedCredential, CheckedVerifyAuthentication } from './webauthn-check.js'
import type { WebauthnReason } from './webauthn-reason.js'

/** What an authentication tells of its credential. */
export interface Asserted {
  ok: true
  signCount: number
  backupEligible: boolean
  backupState: boolean
  userVerified: boolean
  counter?: 'not-increased'
}

/** A verdict, and the stored credential that it is about. */
interface Settled {
  verdict: Verdict<Asserted>
  stored: CheckedCredential
}

/** Verifies any response, for options that were checked. */
export function verifyAsJson({ response, credential, ...about }: CheckedVerifyAuthentication): Verdict<Asserted> {
  const { id, publicKey, signCount, backupEligible, backupState, backupRecorded, userHandle } = credential
  // What the ceremony looks at, and no more.
  const stored = { id, publicKey, signCount, backupEligible, backupState, backupRecorded, userHandle }
  const verdict = verified<Asserted>(response, jsonText({ ...about, credential: stored }), webauthnVerifyAuthentication)
  if (verdict.ok) remember(about.rp)
  return verdict
}

/**
 * Verifies an ordinary response under ordinary options. Checking and copying these, and JSON both ways, take longer
 * than all of a ceremony but the signature; here each member is looked at once, and the core sees to the base64url.
 *
 * `undefined`: something is unusual in any way, which is for the checks and for `verifyAsJson` to judge.
 */
export function verifyOrdinary(options: unknown): Settled | undefined {
  try {
    const ordinary = optionsOf(options)
    const stored = ordinary && credentialOf(ordinary.credential)
    const given = stored && responseOf(ordinary.response, stored.id)
    const rp = given && partyOf(ordinary.rp)
    if (!rp) return undefined
    const { signCount, backupEligible, backupState, userHandle = '' } = stored
    // As the core reads a stored credential: a host that has the flag got it from an authenticator.
    const backupRecorded = stored.backupRecorded ?? backupEligible !== undefined
    const flags = bit(backupEligible, 1) + bit(backupState, 2) + bit(backupRecorded, 4)
      + bit(ordinary.userVerification === 'required', 8) + bit(ordinary.counter === 'report', 16)
    // One text crosses in less time than eight.
    const texts = `${ordinary.challenge}\n${stored.id}\n${stored.publicKey}\n${userHandle}\n`
      + `${given.clientDataJSON}\n${given.authenticatorData}\n${given.signature}\n${given.userHandle}`
    const told = rp.verifyAssertion(texts, signCount, flags)
    return told === null ? undefined : { verdict: verdictOf(told), stored }
  } catch {
    // A getter or a proxy.
    return undefined
  }
}

function bit(flag: boolean | undefined, value: number): number {
  return flag === true ? value : 0
}

function verdictOf(told: number | string): Verdict<Asserted> {
  if (typeof told === 'string') return { ok: false, reason: told as WebauthnReason }
  const bits = Math.floor(told / 2 ** 32)
  const asserted = {
    ok: true as const,
    signCount: told % 2 ** 32,
    backupEligible: (bits & 1) !== 0,
    backupState: (bits & 2) !== 0,
    userVerified: (bits & 4) !== 0,
  }
  return (bits & 8) === 0 ? { ...asserted, counter: 'not-increased' } : asserted
}

interface Options {
  response: unknown
  challenge: string
  rp: unknown
  credential: unknown
  userVerification: unknown
  counter: unknown
}

function optionsOf(options: unknown): Options | undefined {
  if (!isPlain(options)) return undefined
  let [response, challenge, rp, credential, userVerification, counter]: unknown[] = []
  for (const name of Object.getOwnPropertyNames(options)) {
    const value = options[name]
    if (name === 'response') response = value
    else if (name === 'challenge') challenge = value
    else if (name === 'rp') rp = value
    else if (name === 'credential') credential = value
    else if (name === 'userVerification') userVerification = value
    else if (name === 'counter') counter = value
    else return undefined
  }
  const usual = userVerification === undefined || userVerification === 'required'
    || userVerification === 'preferred' || userVerification === 'discouraged'
  if (!usual || !(counter === undefined || counter === 'refuse' || counter === 'report')) return undefined
  if (!isText(challenge, 1024)) return undefined
  return { response, challenge, rp, credential, userVerification, counter }
}

function credentialOf(credential: unknown): CheckedCredential | undefined {
  if (!isPlain(credential)) return undefined
  let [id, publicKey, signCount, transports, aaguid, userHandle]: unknown[] = []
  let [backupEligible, backupState, backupRecorded, userVerified]: unknown[] = []
  for (const name of Object.getOwnPropertyNames(credential)) {
    const value = credential[name]
    if (name === 'id') id = value
    else if (name === 'publicKey') publicKey = value
    else if (name === 'signCount') signCount = value
    else if (name === 'transports') transports = value
    else if (name === 'aaguid') aaguid = value
    else if (name === 'backupEligible') backupEligible = value
    else if (name === 'backupState') backupState = value
    else if (name === 'backupRecorded') backupRecorded = value
    else if (name === 'userVerified') userVerified = value
    else if (name === 'userHandle') userHandle = value
  }
  if (!isText(id, 1023) || !isText(publicKey, 16_384) || !isCount(signCount)) return undefined
  if (!isFlag(backupEligible) || !isFlag(backupState)) return undefined
  if (!isFlag(backupRecorded) || !isFlag(userVerified)) return undefined
  if (userHandle !== undefined && !isText(userHandle, 64)) return undefined
  if (aaguid !== undefined && !isModel(aaguid)) return undefined
  const kept = transports === undefined ? [] : transportsOf(transports)
  if (kept === undefined) return undefined
  const flags = { backupEligible, backupState, backupRecorded, userVerified }
  return { id, publicKey, signCount, transports: kept, aaguid, userHandle, ...flags } as CheckedCredential
}

/** The texts of a response; `userHandle` is empty where there is none. */
interface Texts {
  clientDataJSON: string
  authenticatorData: string
  signature: string
  userHandle: string
}

/** Of a response as browsers make it, for the credential that is stored. */
function responseOf(response: unknown, id: string): Texts | undefined {
  if (!isPlain(response)) return undefined
  let [givenId, rawId, type, inner]: unknown[] = []
  for (const name of Object.keys(response)) {
    const value = response[name]
    if (name === 'id') givenId = value
    else if (name === 'rawId') rawId = value
    else if (name === 'type') type = value
    else if (name === 'response') inner = value
    else if (!isUsual(name, value)) return undefined
  }
  return givenId === id && rawId === id && type === 'public-key' ? textsOf(inner) : undefined
}

/** Of the members that decide nothing. */
function isUsual(name: string, value: unknown): boolean {
  if (name === 'clientExtensionResults') return isPlain(value) && Object.keys(value).length === 0
  return name === 'authenticatorAttachment' && (value === 'platform' || value === 'cross-platform')
}

function textsOf(inner: unknown): Texts | undefined {
  if (!isPlain(inner)) return undefined
  let [clientDataJSON, authenticatorData, signature]: unknown[] = []
  let userHandle: unknown = ''
  for (const name of Object.keys(inner)) {
    const value = inner[name]
    if (name === 'clientDataJSON') clientDataJSON = value
    else if (name === 'authenticatorData') authenticatorData = value
    else if (name === 'signature') signature = value
    else if (name === 'userHandle') userHandle = value ?? ''
    else return undefined
  }
  // All together stay far below the most that a response may have.
  if (!isText(clientDataJSON, 8192) || !isText(authenticatorData, 8192) || !isText(signature, 8192)) return undefined
  if (userHandle !== '' && !isText(userHandle, 1024)) return undefined
  return { clientDataJSON, authenticatorData, signature, userHandle }
}

/** What `JSON.stringify` would write member by member. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** As long as base64url text of 1 to `max` bytes. */
const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.length >= 2 && Math.floor((value.length * 3) / 4) <= max

const isCount = (value: unknown): value is number => Number.isInteger(value) && value === (value as number) >>> 0

const isFlag = (value: unknown): value is boolean | undefined => value === undefined || typeof value === 'boolean'

const isModel = (value: unknown): value is string =>
  typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(value)

function transportsOf(transports: unknown): string[] | undefined {
  if (!Array.isArray(transports) || transports.length > 16) return undefined
  const copy: string[] = []
  for (let index = 0; index < transports.length; index += 1) {
    const transport: unknown = transports[index]
    if (!Object.hasOwn(transports, index)) return undefined
    if (typeof transport !== 'string' || transport.length > 64 || !/^[\w-]+$/.test(transport)) return undefined
    copy.push(transport)
  }
  return copy
}

/** The relying parties that were verified with last, each checked and read once: a copy and the core's form of it. */
const parties: { rp: RelyingPartyToVerify; native: BindingRelyingParty }[] = []
const mostParties = 8

function remember(rp: RelyingPartyToVerify): void {
  if (partyOf(rp) !== undefined) return
  const native = readRelyingParty(jsonText(rp))
  if (native !== null) parties.unshift({ rp, native })
  if (parties.length > mostParties) parties.pop()
}

/** That of a relying party that is the same in every member which counts. */
function partyOf(rp: unknown): BindingRelyingParty | undefined {
  if (typeof rp !== 'object' || rp === null) return undefined
  let [id, name, origins, allowSubdomains, allowAnyPort]: unknown[] = []
  for (const key of Object.getOwnPropertyNames(rp)) {
    const value = (rp as Record<string, unknown>)[key]
    if (key === 'id') id = value
    else if (key === 'name') name = value
    else if (key === 'origins') origins = value
    else if (key === 'allowSubdomains') allowSubdomains = value
    else if (key === 'allowAnyPort') allowAnyPort = value
    else return undefined
  }
  if (!Array.isArray(origins)) return undefined
  for (const { rp: known, native } of parties) {
    const same = id === known.id && name === known.name && origins.length === known.origins.length
      && allowSubdomains === known.allowSubdomains && allowAnyPort === known.allowAnyPort
    if (same && areSame(origins, known.origins)) return native
  }
  return undefined
}

function areSame(given: unknown[], known: string[]): boolean {
  for (let index = 0; index < known.length; index += 1) {
    if (!Object.hasOwn(given, index) || given[index] !== known[index]) return false
  }
  return true
}
