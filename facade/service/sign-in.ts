import type { BindingService } from '#binding'

import { answerJson, parseAnswer, parseCode, wrongPart } from '../shared/answer.js'
import type { ParsedAnswer } from '../shared/answer.js'
import type { Challenge } from './challenge.js'
import { checkUser, flag, fromOutside, listOf, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Context } from './context.js'
import { randomBytes } from '../shared/crypto.js'
import { jsonText } from '../shared/json.js'
import type { ChallengeOptions, RecoverOptions, ResetOptions, VerifyOptions } from './options.js'
import type { Outcome, Refused, Reset } from './outcome.js'
import { boundSession } from './session.js'
import { checkUsableRp } from './usable-rp.js'
import { findKey, spendOtp } from './yubico-key.js'
import type { KnownKey } from './yubico-key.js'

const verifyShape = {
  purpose: optional(oneOf('sign-in', 'step-up')),
  session: optional(boundSession),
  rp: optional(checkUsableRp),
}
const checkVerify = object<VerifyOptions>(verifyShape)
const outside: Check<unknown> = (value) => value
const recoverShape = { recovery: outside, remove: optional(listOf(text(128), { max: 1000 })) }
const readReset = fromOutside(object<ResetOptions>({ totp: outside, ...recoverShape }))
const readRecover = fromOutside(object<RecoverOptions>(recoverShape))
const checkChallenge = object<ChallengeOptions>({ ...verifyShape, enrolled: optional(flag) })

export async function challenge(context: Context, user: string, options: ChallengeOptions): Promise<Challenge | null> {
  checkUser(user)
  const { rp, purpose = 'sign-in', session, enrolled = false } = checkChallenge(options, '')
  const service = context.service(rp)
  const record = await context.read(user)
  const now = context.now()
  const request = jsonText({ user, purpose, session, enrolled, now })
  const begin = () => service.beginChallenge(record, randomBytes(32), request)
  const answered = context.answer<Challenge | null>(user, now, begin)
  await context.put(user, answered)
  return answered.value
}

export async function verify(
  context: Context,
  user: string,
  answer: unknown,
  options: VerifyOptions,
): Promise<Outcome> {
  checkUser(user)
  const checked = checkVerify(options, '')
  const parsed = parseAnswer(answer)
  if (parsed === undefined) return malformed(context, user, wrongPart(answer))
  return 'code' in parsed ? verifyCode(context, user, parsed, checked) : verifyResponse(context, user, parsed, checked)
}

export async function reset(context: Context, user: string, options: ResetOptions): Promise<Reset> {
  checkUser(user)
  const { remove, ...codes } = readReset(options) ?? { totp: undefined, recovery: undefined }
  const [totp, recovery] = [parseCode(codes.totp), parseCode(codes.recovery)]
  if (totp === undefined || recovery === undefined) {
    return malformed(context, user, totp === undefined ? 'totp' : 'recovery')
  }
  const now = context.now()
  const request = jsonText({ totp, recovery, remove, now })
  const call = (record: string | null) => context.service().resetFactors(record, request)
  return (await context.updateByCode<Reset>(user, now, totp, call)).value
}

export async function recover(context: Context, user: string, options: RecoverOptions): Promise<Reset> {
  checkUser(user)
  const { remove, recovery } = readRecover(options) ?? { recovery: undefined }
  const code = parseCode(recovery)
  if (code === undefined) return malformed(context, user, 'recovery')
  const now = context.now()
  const request = jsonText({ recovery: code, remove, now })
  return (await context.update<Reset>(user, now, (record) => context.service().recoverFactors(record, request))).value
}

async function verifyCode(
  context: Context,
  user: string,
  answer: ParsedAnswer,
  { rp }: VerifyOptions,
): Promise<Outcome> {
  const service = context.service(rp)
  const now = context.now()
  const otp = answer.type === 'yubico' && 'code' in answer ? answer.code : ''
  const found = answer.type === 'yubico' ? await keyOf(context, service, user, otp, now) : undefined
  // Before the user's own counter: whatever ends this in between, no OTP is right for two users.
  if (found !== undefined && (await spendOtp(context, user, otp, found, now)) === 'reused') {
    return refuse(context, user, 'rejected', 'code-reused', 'yubico')
  }
  const yubico = found === undefined ? '' : `,"yubico":${jsonText(found.secrets)}`
  const request = `{"answer":${answerJson(answer)},"now":${now}${yubico}}`
  const call = (record: string | null) => service.verifyCode(record, request)
  const totp = answer.type === 'totp' && 'code' in answer ? answer.code : undefined
  return (await context.updateByCode<Outcome>(user, now, totp, call)).value
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
  { rp, purpose = 'sign-in', session }: VerifyOptions,
): Promise<Outcome> {
  const service = context.service(rp)
  const json = answerJson(answer)
  const record = await context.read(user)
  const now = context.now()
  const opened = context.answer<{ challenge: string } | Refused>(user, now, () =>
    service.openResponse(record, `{"answer":${json}}`),
  ).value
  if (!Object.hasOwn(opened, 'challenge')) return opened as Refused
  const { challenge } = opened as { challenge: string }
  const data = await context.take(user, challenge, now)
  if (data === undefined) return refuse(context, user, 'rejected', 'challenge-missing', answer.type)
  const bound = session === undefined ? '' : `,"session":${JSON.stringify(session)}`
  const request = `{"answer":${json},"user":${JSON.stringify(user)},"purpose":"${purpose}"${bound},"now":${now}`
  const attempt = (learn: boolean) =>
    context.update<Outcome>(user, now, (stored) => service.verifyResponse(stored, data, `${request},"learn":${learn}}`))
  // The user is known: what would lead another sign-in here and is another user's changes nothing.
  return ((await context.unlessTaken(() => attempt(true))) ?? (await attempt(false))).value
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
