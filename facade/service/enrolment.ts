import type { BindingRecord } from '#binding'

import { parseCode, parseResponse } from '../shared/answer.js'
import { bitsOf, requirementIfGiven } from './assurance.js'
import type { TotpEnrolment } from './challenge.js'
import { checkUser, flag, ifGiven, invalid, isDescription, isWellFormed, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Context } from './context.js'
import { hmacSha256, randomBytes } from '../shared/crypto.js'
import { enrolsFitting } from './enforcement.js'
import type { FactorType } from '../shared/factor.js'
import { jsonText } from '../shared/json.js'
import type {
  BeginTotpOptions, BeginWebauthnOptions, EnrolYubicoOptions, FinishTotpOptions, FinishWebauthnOptions,
} from './options.js'
import type { Enrolled, Refused } from './outcome.js'
import { registrationRules, withExtensions } from '../stateless/extensions.js'
import type { ExtensionsJson } from '../stateless/extensions.js'
import { checkServiceRegistration, rulesOf } from './extensions.js'
import { checkAccount, checkAttachment, checkAttestationFormats, checkHints, checkResidentKey, checkUserVerification } from '../stateless/policy.js'
import { checkSession } from './session.js'
import { checkUsableRp } from './usable-rp.js'
import { yubicoPublicId } from '../stateless/yubico.js'
import { findKey, spendOtp } from './yubico-key.js'
import type { PublicKeyCredentialCreationOptionsJSON, UserVerification } from '../stateless/webauthn-json.js'

export async function beginTotp(context: Context, user: string, options: BeginTotpOptions): Promise<TotpEnrolment> {
  checkUser(user)
  const { rp, ...about } = checkBeginTotp(options, '')
  const service = context.service(rp)
  const [stored, id] = await Promise.all([context.readSealed(user), context.challengeBytes(user)])
  const now = context.now()
  const request = jsonText({ user, ...about, now })
  const random = Buffer.concat([randomBytes(20), id])
  const begin = (record: BindingRecord) => service.beginTotp(record, random, request)
  const answered = await context.ask<TotpEnrolment>(user, stored, now, begin)
  await context.put(user, answered)
  return answered.value
}

export async function finishTotp(context: Context, user: string, options: FinishTotpOptions): Promise<Enrolled> {
  checkUser(user)
  const { enrolment, code, require, ...about } = checkFinishTotp(options, '')
  if (bitsOf(require) !== 0) return unmet(context, user, 'totp')
  const typed = parseCode(code)
  const wrong = firstWrong({
    code: typed !== undefined, enrolment: isChallengeId(enrolment), description: isDescription(about.description),
  })
  if (typed === undefined || !isChallengeId(enrolment) || wrong) return malformed(context, user, 'totp', wrong)
  const now = context.now()
  const data = await context.take(user, enrolment, now)
  if (data === undefined) return missing(context, user, 'totp')
  const request = jsonText({ user, enrolment, code: typed, ...about, now })
  const random = randomBytes(16)
  const answered = await context.update<Enrolled>(user, now, (record) =>
    context.service().finishTotp(record, data, random, request),
  )
  // A wrong code leaves the enrolment open, with one try less.
  await context.put(user, answered)
  return answered.value
}

export async function beginWebauthn(
  context: Context,
  user: string,
  options: BeginWebauthnOptions,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  checkUser(user)
  const { rp, use, extensions, attestationFormats, ...given } = checkBeginWebauthn(options, '')
  const { userVerification } = context.settings
  const rules = rulesOf(context, registrationRules, extensions)
  const about = use === 'passkey' ? { ...passkey(given.conditional, userVerification), ...given } : given
  const service = context.service(rp)
  // Without a key that all processes share, the record is the one place where all of them find the handle.
  const keepHandle = context.settings.handles === undefined
  const reading = keepHandle ? null : context.readSealed(user)
  const [stored, bytes, handle] = await Promise.all([reading, context.challengeBytes(user), handleFor(context, user)])
  const now = context.now()
  const request = jsonText({ user, ...about, extensions: rules, keepHandle, now })
  const random = Buffer.concat([bytes, handle])
  const begin = (record: BindingRecord) => service.beginWebauthn(record, random, request)
  const answered = keepHandle
    ? await context.update<PublicKeyCredentialCreationOptionsJSON>(user, now, begin)
    : await context.ask<PublicKeyCredentialCreationOptionsJSON>(user, stored, now, (record) => begin(record).value)
  await context.put(user, answered)
  return withExtensions(answered.value, extensions, { ...(attestationFormats && { attestationFormats }) })
}

export async function finishWebauthn(
  context: Context,
  user: string,
  options: FinishWebauthnOptions,
): Promise<Enrolled> {
  checkUser(user)
  const { rp, response, require = {}, ...about } = checkFinishWebauthn(options, '')
  const json = parseResponse(response)
  const wrong = firstWrong({ response: json !== undefined, description: isDescription(about.description) })
  if (json === undefined || wrong) return malformed(context, user, 'webauthn', wrong)
  const service = context.service(rp)
  const now = context.now()
  const peek = () => service.registrationChallenge(json)
  const opened = context.answer<{ challenge: string } | Refused>(user, now, peek).value
  if (!Object.hasOwn(opened, 'challenge')) return { ok: false, reason: 'malformed' }
  const { challenge } = opened as { challenge: string }
  const data = await context.take(user, challenge, now)
  if (data === undefined) return missing(context, user, 'webauthn')
  const request = `${jsonText({ user, ...about, now }).slice(0, -1)},"response":${json}}`
  const random = randomBytes(16)
  const enrol = (record: BindingRecord) => service.finishWebauthn(record, data, random, request)
  const call = enrolsFitting(service, enrol, require, now, (text) => context.stored(text, user))
  const answered = await context.unlessTaken(() => context.update<Enrolled>(user, now, call))
  return answered?.value ?? taken(context, user)
}

export async function enrolYubico(context: Context, user: string, options: EnrolYubicoOptions): Promise<Enrolled> {
  checkUser(user)
  const { code, require, ...about } = checkEnrolYubico(options, '')
  if (!context.settings.yubicoSecrets) throw invalid('yubico', 'given to open(), for a service that enrols Yubico keys')
  if (bitsOf(require) !== 0) return unmet(context, user, 'yubico')
  const otp = parseCode(code)
  const publicId = yubicoPublicId(code)
  const wrong = firstWrong({ code: publicId !== null, description: isDescription(about.description) })
  if (otp === undefined || publicId === null || wrong) return malformed(context, user, 'yubico', wrong)
  const key = await findKey(context, user, publicId)
  const now = context.now()
  // Before the user's record, as in a sign-in: no OTP is right twice.
  if (key && (await spendOtp(context, user, otp, key, now)) === 'reused') {
    return reject(context, user, 'yubico', 'code-reused', now)
  }
  const request = jsonText({ code: otp, yubico: key?.secrets, ...about, now })
  const random = randomBytes(16)
  const call = (record: BindingRecord) => context.service().enrolYubico(record, random, request)
  return (await context.update<Enrolled>(user, now, call)).value
}

export async function createRecoveryCodes(context: Context, user: string): Promise<string[]> {
  checkUser(user)
  const now = context.now()
  // 8 bytes a code, and 8 for the key of the set.
  const random = randomBytes(context.settings.recoveryCodes * 8 + 8)
  const call = (record: BindingRecord) => context.service().createRecoveryCodes(record, random, `{"now":${now}}`)
  return (await context.update<string[]>(user, now, call)).value
}

const rp = optional(checkUsableRp)
const firstOnly = ifGiven(flag, 'for false')
const outside: Check<unknown> = (value) => value
// What the person typed comes from outside, too.
const finishShape = {
  session: checkSession, description: outside as Check<string>, firstOnly, require: requirementIfGiven,
}

const checkBeginTotp = object<BeginTotpOptions>({ account: checkAccount, issuer: optional(text(256)), session: checkSession, rp })
const checkFinishTotp = object<FinishTotpOptions>({ ...finishShape, enrolment: outside, code: outside })
const checkFinishWebauthn = object<FinishWebauthnOptions>({ ...finishShape, response: outside, rp })
const checkEnrolYubico = object<EnrolYubicoOptions>({
  description: outside as Check<string>, firstOnly, code: outside, require: requirementIfGiven,
})
const checkBeginWebauthn = object<Omit<BeginWebauthnOptions, 'extensions'> & { extensions?: ExtensionsJson }>({
  name: text(256),
  displayName: text(256),
  use: optional(oneOf('second-factor', 'passkey')),
  userVerification: optional(checkUserVerification),
  residentKey: optional(checkResidentKey),
  authenticatorAttachment: optional(checkAttachment),
  hints: optional(checkHints),
  conditional: optional(flag),
  attestationFormats: optional(checkAttestationFormats),
  extensions: optional(checkServiceRegistration),
  session: checkSession,
  rp,
})

/**
 * Without a dialog nobody can be asked for a PIN, and what came of it would be refused; but where the settings require
 * the verification of every key, no request lowers that.
 */
function passkey(
  conditional = false,
  settings: UserVerification,
): Pick<BeginWebauthnOptions, 'userVerification' | 'residentKey'> {
  const userVerification = conditional && settings !== 'required' ? 'preferred' : 'required'
  return { userVerification, residentKey: 'required' }
}

/**
 * The user handle of a user who has none yet. The same one each time: with another one, an authenticator would hold two
 * accounts of this user, one of which leads nowhere. Where processes share a key, nothing is stored for it before a
 * passkey is proved. Otherwise the first one drawn is kept in the record.
 */
async function handleFor(context: Context, user: string): Promise<Buffer> {
  const key = await context.settings.handles?.()
  for (let number = 1; key && number <= handlesTried; number += 1) {
    const handle = hmacSha256(key, `countersign user handle ${number}:${user}`)
    const owner = await context.owner(handle.toString('base64url'))
    if (owner === undefined || owner === user) return handle
  }
  return randomBytes(32)
}

/** A user who was renamed keeps the handle; whoever is called so next gets another. */
const handlesTried = 8

function isChallengeId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= 128 && isWellFormed(id)
}

/** The name of the first member that is not right. */
function firstWrong(members: Record<string, boolean>): string | undefined {
  return Object.entries(members).find(([, right]) => !right)?.[0]
}

function malformed(context: Context, user: string, type: FactorType, member: string | undefined): Enrolled {
  const event = { type: 'rejected', factor: { type }, reason: 'malformed', ...(member !== undefined && { member }) } as const
  context.events.tell([event], user, context.now())
  return { ok: false, reason: 'malformed' }
}

/** 7.1: a credential id belongs to one user. The page learns no more than that it was refused. */
function taken(context: Context, user: string): Enrolled {
  return reject(context, user, 'webauthn', 'credential-taken', context.now())
}

/** No typed code proves anything of what can be required. The enrolment stays open, for a call without it. */
function unmet(context: Context, user: string, type: FactorType): Enrolled {
  context.events.tell([{ type: 'rejected', factor: { type }, reason: 'requirement-unmet' }], user, context.now())
  return { ok: false, reason: 'authenticator-refused' }
}

function missing(context: Context, user: string, type: FactorType): Enrolled {
  return reject(context, user, type, 'challenge-missing', context.now())
}

function reject(context: Context, user: string, type: FactorType, reason: string, at: number): Enrolled {
  context.events.tell([{ type: 'rejected', factor: { type }, reason }], user, at)
  return { ok: false, reason: 'rejected' }
}
