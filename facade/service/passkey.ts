import type { BindingRecord } from '#binding'

import { allOf, bitsOf, checkRequirement, isRequired, requirementIfGiven } from './assurance.js'
import type { Requirement } from './assurance.js'
import { answerJson, parseAnswer, wrongPart } from '../shared/answer.js'
import type { PasskeyChallenge, PasskeySignals } from './challenge.js'
import { checkUser, ifGiven, invalid, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { fromStore } from './context.js'
import type { Context } from './context.js'
import { checkPasskeyExtensions, rulesOf } from './extensions.js'
import { authenticationRules, withExtensions } from '../stateless/extensions.js'
import type { ExtensionsJson } from '../stateless/extensions.js'
import { checkHints } from '../stateless/policy.js'
import { randomBytes } from '../shared/crypto.js'
import { jsonText } from '../shared/json.js'
import type { PasskeyOptions, RpOption, VerifyPasskeyOptions } from './options.js'
import type { PasskeyOutcome, Refused } from './outcome.js'
import { checkSession } from './session.js'
import { checkUsableRp } from './usable-rp.js'
import { assured, malformed, refuse } from './sign-in.js'
import type { Answer } from './sign-in.js'

const shape = {
  session: checkSession, rp: optional(checkUsableRp), extensions: optional(checkPasskeyExtensions), hints: optional(checkHints),
}
const checkOptions = object<Omit<PasskeyOptions, 'extensions'> & { extensions?: ExtensionsJson }>({
  ...shape, require: requirementIfGiven,
})
type OfUser = Extract<VerifyPasskeyOptions['require'], (user: string) => unknown>
const requirementOrCallback: Check<Requirement | OfUser> = (value, name) =>
  typeof value === 'function' ? (value as OfUser) : checkRequirement(value, name)
const checkVerify = object<Omit<VerifyPasskeyOptions, 'extensions'> & { extensions?: ExtensionsJson }>({
  ...shape, require: ifGiven(requirementOrCallback, 'to require nothing'),
})
const checkSignals = object<RpOption>({ rp: optional(checkUsableRp) })

/** Nothing is stored: strangers may ask for any number of them. */
export async function passkeyChallenge(context: Context, options: PasskeyOptions): Promise<PasskeyChallenge> {
  const { rp, session, require, extensions, hints } = checkOptions(options, '')
  const service = context.service(rp)
  const key = await keyOf(context)
  const now = context.now()
  const request = jsonText({ session, require: bitsOf(require), now })
  const begin = () => service.beginPasskey(key, randomBytes(16), request)
  const { id, webauthn } = context.answer<PasskeyChallenge>(nobody, now, begin).value
  return { id, webauthn: withExtensions(webauthn, extensions, { ...(hints && { hints }) }) }
}

/**
 * The challenge first, then the user: by the handle that the passkey tells, or by its own id where no user has that
 * handle. All of it is verified before the store is asked to change anything: a stranger's answer neither writes nor waits
 * for a lock.
 */
export async function verifyPasskey(
  context: Context,
  answer: unknown,
  options: VerifyPasskeyOptions,
): Promise<PasskeyOutcome> {
  const { rp, session, require = {}, extensions } = checkVerify(options, '')
  const parsed = parseAnswer(answer)
  if (parsed === undefined) return malformed(context, nobody, wrongPart(answer))
  const { passkeys } = context.settings
  if ('code' in parsed || !passkeys) return refuse(context, nobody, 'rejected', 'not-supported', parsed.type)
  const service = context.service(rp)
  const key = await keyOf(context)
  const now = context.now()
  const bound = session === undefined ? '' : `,"session":${JSON.stringify(session)}`
  const rules = rulesOf(context, authenticationRules, extensions)
  const expected = rules === undefined ? '' : `,"extensions":${JSON.stringify(rules)}`
  const requestWith = (required: Requirement) =>
    `{"answer":${answerJson(parsed)}${bound}${expected},"require":${bitsOf(required)},"now":${now}`
  const known = typeof require === 'function' ? {} : require
  const open = () => service.openPasskey(key, `${requestWith(known)}}`)
  const opened = context.answer<Opened | Refused>(nobody, now, open).value
  if (!Object.hasOwn(opened, 'credential')) return opened as Refused
  const { handle, credential } = opened as Opened
  const byHandle = handle === undefined ? undefined : await context.ownerSealed(handle)
  const found = byHandle ?? (await context.ownerSealed(credential))
  if (found === undefined) return refuse(context, nobody, 'rejected', 'no-such-factor', parsed.type)
  const { user } = found
  let before = found.text
  const byId = byHandle === undefined
  const verifyWith = (required: Requirement) => {
    const request = `${requestWith(required)},"byId":${byId}}`
    return (record: BindingRecord) => service.verifyPasskey(record, key, request)
  }
  // An id is no secret: before the signature is verified, it is nobody who answers.
  let tried = await context.refusal<Answer>(user, before, now, verifyWith(known), byId ? nobody : user)
  // Only a right answer makes the host look somebody up.
  const ofUser = !tried.refused && typeof require === 'function' ? checkRequirement(await fromStore(() => require(user)), 'require()') : {}
  const verify = verifyWith(allOf(known, ofUser))
  if (isRequired(ofUser)) {
    // Of before the host was asked, it would say too little.
    before = await context.readSealed(user)
    tried = await context.refusal<Answer>(user, before, now, verify)
  }
  const answered = tried.refused ?? (await context.unlessTaken(() => context.update<Answer>(user, now, verify, { before, ...tried })))?.value
  const outcome = assured(context, answered ?? refuse(context, user, 'rejected', 'credential-taken', parsed.type), now)
  return outcome.ok ? { ...outcome, user } : outcome
}

/** By what an answer leads to its user. */
interface Opened {
  handle?: string
  credential: string
}

export async function signals(context: Context, user: string, options: RpOption): Promise<PasskeySignals | null> {
  checkUser(user)
  const { rp } = checkSignals(options, '')
  const record = await context.read(user)
  return context.answer<PasskeySignals | null>(user, context.now(), () => context.service(rp).signals(record)).value
}

/** What events say where no user is known; no user is the empty text. */
const nobody = ''

async function keyOf({ settings }: Context): Promise<Buffer> {
  if (!settings.passkeys) throw invalid('webauthn.passkeys', 'on for a sign-in without a user name (a store without sharedKey() also needs challengeKey)')
  return settings.passkeys()
}
