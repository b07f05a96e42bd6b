import { answerJson, parseAnswer } from '../shared/answer.js'
import type { PasskeyChallenge, PasskeySignals } from './challenge.js'
import { checkUser, object, optional } from '../shared/check.js'
import { fromStore } from './context.js'
import type { Context } from './context.js'
import { randomBytes } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'
import { jsonText } from '../shared/json.js'
import type { PasskeyOptions, RpOption } from './options.js'
import type { Outcome, PasskeyOutcome, Refused } from './outcome.js'
import { checkRp } from '../stateless/policy.js'
import { boundSession } from './session.js'
import { refuse } from './sign-in.js'

const checkOptions = object<PasskeyOptions>({ session: optional(boundSession), rp: optional(checkRp) })
const checkSignals = object<RpOption>({ rp: optional(checkRp) })

export async function passkeyChallenge(context: Context, options: PasskeyOptions): Promise<PasskeyChallenge> {
  const { rp, session } = checkOptions(options, '')
  const now = context.now()
  const request = jsonText({ session, now })
  const begin = () => context.service(rp).beginPasskey(randomBytes(32), request)
  const answered = context.answer<PasskeyChallenge>(nobody, now, begin)
  // Nobody knows the user yet: it is kept under its own id.
  await context.put(answered.value.id, answered)
  return answered.value
}

/** The user by the handle that the passkey tells; then as for a user who is known. */
export async function verifyPasskey(
  context: Context,
  answer: unknown,
  options: PasskeyOptions,
): Promise<PasskeyOutcome> {
  const { rp, session } = checkOptions(options, '')
  const parsed = parseAnswer(answer)
  if (parsed === undefined) return refuse(context, nobody, 'malformed')
  if ('code' in parsed) return refuse(context, nobody, 'rejected', 'not-supported', parsed.type)
  const service = context.service(rp)
  const json = answerJson(parsed)
  const now = context.now()
  const open = () => service.openPasskey(`{"answer":${json}}`)
  const opened = context.answer<{ challenge: string; handle: string } | Refused>(nobody, now, open).value
  if (!Object.hasOwn(opened, 'challenge')) return opened as Refused
  const { challenge, handle } = opened as { challenge: string; handle: string }
  const user = await owner(context, handle)
  if (user === undefined) return refuse(context, nobody, 'rejected', 'no-such-factor', parsed.type)
  const record = await context.read(user)
  const found = context.answer<{ challenge: string } | Refused>(user, now, () =>
    service.openResponse(record, `{"answer":${json}}`),
  ).value
  if (!Object.hasOwn(found, 'challenge')) return found as Refused
  const data = await context.take(challenge, challenge, now)
  if (data === undefined) return refuse(context, user, 'rejected', 'challenge-missing', parsed.type)
  const bound = session === undefined ? '' : `,"session":${JSON.stringify(session)}`
  const request = `{"answer":${json},"user":"","purpose":"passkey"${bound},"now":${now}}`
  const call = (stored: string | null) => service.verifyResponse(stored, data, request)
  const outcome = (await context.update<Outcome>(user, now, call)).value
  return outcome.ok ? { ...outcome, user } : outcome
}

export async function signals(context: Context, user: string, options: RpOption): Promise<PasskeySignals | null> {
  checkUser(user)
  const { rp } = checkSignals(options, '')
  const record = await context.read(user)
  return context.answer<PasskeySignals | null>(user, context.now(), () => context.service(rp).signals(record)).value
}

/** What events say where no user is known; no user is the empty text. */
const nobody = ''

async function owner(context: Context, handle: string): Promise<string | undefined> {
  const user: unknown = await fromStore(() => context.settings.users.owner(handle))
  if (user === undefined || user === null) return undefined
  if (typeof user !== 'string') throw new CountersignError('store-failed')
  return checkUser(user)
}
