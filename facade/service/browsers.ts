import type { BindingRecord } from '#binding'

import { actor, asDescription, checkUser, invalid, isEntryId, isWellFormed, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { assuranceOf } from './assurance.js'
import type { Context } from './context.js'
import { randomBytes } from '../shared/crypto.js'
import { jsonText } from '../shared/json.js'
import type { BrowserOption, ByOption, RememberOptions, RpOption } from './options.js'
import type { RecognisedBrowser, RememberedBrowser } from './outcome.js'
import type { RelyingParty } from '../stateless/policy.js'
import { checkUsableRp } from './usable-rp.js'

/** Characters of a token: 16 bytes of the series and 32 of the secret, in base64url. */
const tokenLength = 64

const label: Check<string> = (value, name) => {
  if (typeof value !== 'string') throw invalid(name, 'text')
  return isWellFormed(value) ? asDescription(value) : ''
}

export const checkRemember = object<RememberOptions>({ label: optional(label) })
const outside: Check<unknown> = (value) => value
const checkList = object<Partial<BrowserOption> & RpOption>({ browser: outside, rp: optional(checkUsableRp) })
const checkBy = object<ByOption>({ by: optional(actor) })

/** The member of a request to verify that has the browser remembered: its public id and its token are drawn here. */
export function remembering(remember: RememberOptions | undefined): string {
  if (remember === undefined) return ''
  const random = randomBytes(16 + 16 + 32).toString('base64url')
  return `,"remember":${jsonText({ label: remember.label ?? '', random })}`
}

/** What a browser's token is worth at a sign-in; `undefined`: nothing. */
export async function recognise(
  context: Context, user: string, token: unknown, { rp, firstFactor }: { rp: RelyingParty | undefined; firstFactor: string[] | undefined },
): Promise<RecognisedBrowser | undefined> {
  if (!isToken(token)) return undefined
  const service = context.service(rp)
  const now = context.now()
  const request = jsonText({ token, random: randomBytes(32).toString('base64url'), now })
  const call = (record: BindingRecord) => service.recogniseBrowser(record, request)
  // A token of somebody else, and all but one of the requests that cross each other, wait for no lock.
  const before = await context.readSealed(user)
  const tried = await context.refusal<Recognised>(user, before, now, call)
  const recognised = tried.refused ?? (await context.update<Recognised>(user, now, call, { before, ...tried })).value
  return recognised.remembered ? { ...recognised, remembered: true, assurance: assuranceOf([], firstFactor, now) } : undefined
}

export async function browsers(
  context: Context, user: string, options: Partial<BrowserOption> & RpOption,
): Promise<RememberedBrowser[]> {
  checkUser(user)
  const { browser, rp } = checkList(options, '')
  const record = await context.read(user)
  const now = context.now()
  const request = jsonText({ token: isToken(browser) ? browser : '', now })
  return context.answer<RememberedBrowser[]>(user, now, () => context.service(rp).browsers(record, request)).value
}

export async function forgetBrowser(context: Context, user: string, id: string, options: ByOption): Promise<boolean> {
  // An id often comes from a page's address: what can't be one is of no browser.
  if (isEntryId(id)) return (await forget(context, user, id, options)) > 0
  checkUser(user)
  checkBy(options, '')
  return false
}

export function forgetBrowsers(context: Context, user: string, options: ByOption): Promise<number> {
  return forget(context, user, undefined, options)
}

async function forget(context: Context, user: string, id: string | undefined, options: ByOption): Promise<number> {
  checkUser(user)
  const { by } = checkBy(options, '')
  const request = jsonText({ id, by })
  const call = (record: BindingRecord) => context.service().forgetBrowsers(record, request)
  return (await context.update<number>(user, context.now(), call)).value
}

interface Recognised extends Omit<RecognisedBrowser, 'remembered' | 'assurance'> {
  remembered: boolean
}

function isToken(token: unknown): token is string {
  return typeof token === 'string' && token.length === tokenLength && /^[\w-]+$/.test(token)
}
