import type { BindingRecord, BindingService } from '#binding'

import { answerJson, parseAnswer, parseCode, wrongPart } from '../shared/answer.js'
import type { ParsedAnswer } from '../shared/answer.js'
import { assuranceOf, bitsOf, checkMethods, requirementIfGiven } from './assurance.js'
import { checkRemember, recognise, remembering } from './browsers.js'
import type { Challenge } from './challenge.js'
import { checkUser, entryId, flag, fromOutside, ifGiven, invalid, listOf, object, oneOf, optional, own } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Context } from './context.js'
import { checkServiceAuthentication, rulesOf } from './extensions.js'
import { authenticationRules, withExtensions } from '../stateless/extensions.js'
import type { ExtensionsJson } from '../stateless/extensions.js'
import { checkHints } from '../stateless/policy.js'
import { jsonText } from '../shared/json.js'
import type { BrowserOption, ChallengeOptions, FirstFactorOption, RecoverOptions, ResetOptions, VerifyOptions } from './options.js'
import type { Accepted, Outcome, RecognisedBrowser, Refused, Reset } from './outcome.js'
import { checkSession } from './session.js'
import { checkUsableRp } from './usable-rp.js'
import { findKey, spendOtp } from './yubico-key.js'
import type { KnownKey } from './yubico-key.js'

const verifyShape = {
  purpose: optional(oneOf('sign-in', 'step-up')),
  session: checkSession,
  rp: optional(checkUsableRp),
  require: requirementIfGiven,
  firstFactor: optional(checkMethods),
}
const checkVerify = object<VerifyOptions>({ ...verifyShape, remember: optional(checkRemember) })
const outside: Check<unknown> = (value) => value
const recoverShape = { recovery: outside, remove: optional(listOf(entryId, { max: 1000 })) }
const checkHost = object<FirstFactorOption>({ firstFactor: optional(checkMethods) })
const readReset = fromOutside(object<ResetOptions>({ totp: outside, ...recoverShape }))
const readRecover = fromOutside(object<RecoverOptions>(recoverShape))
const checkChallenge = object<Omit<ChallengeOptions, 'extensions'> & { extensions?: ExtensionsJson } & BrowserOption>({
  ...verifyShape, enrolled: ifGiven(flag, 'if it is not known'), browser: outside, extensions: optional(checkServiceAuthentication),
  hints: optional(checkHints),
})

export async function challenge(
  context: Context, user: string, options: ChallengeOptions,
): Promise<Challenge | RecognisedBrowser | null> {
  checkUser(user)
  const checked = checkChallenge(options, '')
  const { rp, purpose = 'sign-in', session, enrolled = false, browser, firstFactor, extensions, hints } = checked
  const service = context.service(rp)
  const require = bitsOf(checked.require)
  // Never for a step-up: that is about the person, not about the browser.
  const isEnough = purpose === 'sign-in' && require === 0
  const recognised = isEnough ? await recognise(context, user, browser, { rp, firstFactor }) : undefined
  if (recognised) return recognised
  const [stored, bytes] = await Promise.all([context.readSealed(user), context.challengeBytes(user)])
  const now = context.now()
  const rules = rulesOf(context, authenticationRules, extensions)
  const request = jsonText({ user, purpose, session, enrolled, require, extensions: rules, now })
  const begin = (record: BindingRecord) => service.beginChallenge(record, bytes, request)
  const answered = await context.ask<Challenge | null>(user, stored, now, begin)
  const offered = answered.value?.webauthn
  const largeBlob = extensions?.['largeBlob'] as object | undefined
  if (offered && largeBlob && 'write' in largeBlob && offered.allowCredentials?.length !== 1) {
    throw invalid('extensions.largeBlob.write', 'used for a user with exactly one key')
  }
  await context.put(user, answered)
  if (!answered.value || !offered) return answered.value
  return { ...answered.value, webauthn: withExtensions(offered, extensions, { ...(hints && { hints }) }) }
}

export async function verify(
  context: Context,
  user: string,
  answer: unknown,
  options: VerifyOptions,
): Promise<Outcome> {
  checkUser(user)
  const checked = checkVerify(options, '')
  if (checked.remember && checked.purpose === 'step-up') throw invalid('remember', 'left out for a step-up')
  const parsed = parseAnswer(answer)
  if (parsed === undefined) return malformed(context, user, wrongPart(answer))
  // No typed code proves any of it.
  if ('code' in parsed && bitsOf(checked.require) !== 0) {
    return refuse(context, user, 'rejected', 'requirement-unmet', parsed.type)
  }
  const now = context.now()
  const work = 'code' in parsed ? verifyCode : verifyResponse
  return assured(context, await work(context, user, parsed, checked, now), now, checked.firstFactor)
}

export async function reset(
  context: Context, user: string, options: ResetOptions, host: FirstFactorOption,
): Promise<Reset> {
  checkUser(user)
  const { firstFactor } = checkHost(host, '')
  const { remove, ...codes } = readReset(options) ?? { totp: undefined, recovery: undefined }
  const [totp, recovery] = [parseCode(codes.totp), parseCode(codes.recovery)]
  if (totp === undefined || recovery === undefined) {
    return malformed(context, user, totp === undefined ? 'totp' : 'recovery')
  }
  const now = context.now()
  const request = jsonText({ totp, recovery, remove, now })
  const call = (record: BindingRecord) => context.service().resetFactors(record, request)
  const { value } = await context.updateByCode<Core<Reset>>(user, now, totp, call)
  const proved = [{ type: 'totp', proofs: 0 }, { type: 'recovery', proofs: 0 }] as const
  return value.ok ? { ...value, assurance: assuranceOf(proved, firstFactor, now) } : value
}

export async function recover(
  context: Context, user: string, options: RecoverOptions, host: FirstFactorOption,
): Promise<Reset> {
  checkUser(user)
  const { firstFactor } = checkHost(host, '')
  const { remove, recovery } = readRecover(options) ?? { recovery: undefined }
  const code = parseCode(recovery)
  if (code === undefined) return malformed(context, user, 'recovery')
  const now = context.now()
  const request = jsonText({ recovery: code, remove, now })
  const call = (record: BindingRecord) => context.service().recoverFactors(record, request)
  const { value } = await context.update<Core<Reset>>(user, now, call)
  return value.ok ? { ...value, assurance: assuranceOf([{ type: 'recovery', proofs: 0 }], firstFactor, now) } : value
}

async function verifyCode(
  context: Context,
  user: string,
  answer: ParsedAnswer,
  { rp, remember }: VerifyOptions,
  now: number,
): Promise<Answer> {
  const service = context.service(rp)
  const otp = answer.type === 'yubico' && 'code' in answer ? answer.code : ''
  const found = answer.type === 'yubico' ? await keyOf(context, service, user, otp, now) : undefined
  // Before the user's own counter: whatever ends this in between, no OTP is right for two users.
  if (found !== undefined && (await spendOtp(context, user, otp, found, now)) === 'reused') {
    return refuse(context, user, 'rejected', 'code-reused', 'yubico')
  }
  const yubico = found === undefined ? '' : `,"yubico":${jsonText(found.secrets)}`
  const request = `{"answer":${answerJson(answer)},"now":${now}${yubico}${remembering(remember)}}`
  const call = (record: BindingRecord) => service.verifyCode(record, request)
  const totp = answer.type === 'totp' && 'code' in answer ? answer.code : undefined
  return (await context.updateByCode<Answer>(user, now, totp, call)).value
}

/** The key that an OTP names, where the user has it and the host knows it. */
async function keyOf(
  context: Context, service: BindingService, user: string, code: string, now: number,
): Promise<KnownKey | undefined> {
  if (!context.settings.yubicoSecrets) return undefined
  const record = await context.read(user)
  const request = jsonText({ code, now })
  const publicId = context.answer<string | null>(user, now, () => service.openYubico(record, request)).value
  return publicId === null ? undefined : findKey(context, user, publicId)
}

/** The record first, so that a refusal takes nothing; then the challenge, gone before anything is verified. */
async function verifyResponse(
  context: Context,
  user: string,
  answer: ParsedAnswer,
  { rp, purpose = 'sign-in', session, remember, require }: VerifyOptions,
  now: number,
): Promise<Answer> {
  const service = context.service(rp)
  const json = answerJson(answer)
  const required = `"require":${bitsOf(require)}`
  const stored = await context.readSealed(user)
  const open = (record: BindingRecord) => service.openResponse(record, `{"answer":${json},${required},"now":${now}}`)
  const opened = (await context.ask<{ challenge: string } | Refused>(user, stored, now, open)).value
  if (!Object.hasOwn(opened, 'challenge')) return opened as Refused
  const { challenge } = opened as { challenge: string }
  const data = await context.take(user, challenge, now)
  if (data === undefined) return refuse(context, user, 'rejected', 'challenge-missing', answer.type)
  const bound = session === undefined ? '' : `,"session":${JSON.stringify(session)}`
  const request = `{"answer":${json},"user":${JSON.stringify(user)},"purpose":"${purpose}"${bound},"now":${now},${required}${remembering(remember)}`
  const attempt = (learn: boolean) =>
    context.update<Answer>(user, now, (record) => service.verifyResponse(record, data, `${request},"learn":${learn}}`), { before: stored })
  // The user is known: what would lead another sign-in here and is another user's changes nothing.
  return ((await context.unlessTaken(() => attempt(true))) ?? (await attempt(false))).value
}

/** What the core answers: the facade makes the assurance of it. */
type Core<T> = Exclude<T, { ok: true }> | Omit<Extract<T, { ok: true }>, 'assurance'>
export type Answer = Refused | (Omit<Accepted, 'assurance'> & { proofs?: number })

/** The outcome of an answer, with the first factor that the host stated. */
export function assured(context: Context, answer: Answer, at: number, firstFactor?: string[]): Outcome {
  if (!answer.ok) return answer
  const proofs = own(answer, 'proofs') as number | undefined
  const proved = { type: answer.factor.type, proofs: proofs ?? 0 }
  const assurance = assuranceOf([proved], firstFactor, at, context.settings.hardware)
  // A typed code has none: leaving out one member takes longer than a copy.
  if (proofs === undefined) return { ...answer, assurance }
  const { proofs: _ours, ...accepted } = answer
  return { ...accepted, assurance }
}

/** Refuses before the core was asked, and tells why. */
export function refuse(
  context: Context, user: string, outward: Refused['reason'], reason: string, type: ParsedAnswer['type'],
): Refused {
  context.events.tell([{ type: 'rejected', reason, factor: { type } }], user, context.now())
  return { ok: false, reason: outward }
}

/** The same of what can't be read. `member`: a name of ours. */
export function malformed(context: Context, user: string, member: string | undefined): Refused {
  const event = { type: 'rejected', reason: 'malformed', ...(member !== undefined && { member }) } as const
  context.events.tell([event], user, context.now())
  return { ok: false, reason: 'malformed' }
}
