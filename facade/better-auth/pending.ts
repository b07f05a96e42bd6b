import type { Assurance } from '../service/assurance.js'
import { randomBytes, sha256 } from '../shared/crypto.js'
import { peer } from './peer.js'
import type { EndpointContext } from './types.js'

/** A sign-in whose first factor was right, and that has no session yet. */
export interface Pending {
  /** The id of the user. */
  user: string
  /** When the first factor was right, in epoch milliseconds. */
  at: number
  /** Whether the session is to outlive the browser. */
  remember: boolean
  /** The path of the endpoint that would have made a session. Empty: a passkey alone. */
  path: string
  /** That of the answer, if it was right and another factor has to be enrolled. */
  answered?: Assurance
}

/** As it is stored. `password`: of what it was then, so that a new password ends what the old one has begun. */
interface Stored extends Pending {
  password: string
}

/** What the browser has of it: the id stands in a signed cookie, and only its hash in the database. */
export interface OpenPending extends Pending {
  key: string
}

/** Begins one, and binds it to the browser of this request. */
export async function beginPending(ctx: EndpointContext, pending: Pending, milliseconds: number): Promise<void> {
  await store(ctx, pending, milliseconds)
  const target = await returnTarget(ctx)
  const back = cookie(ctx, 'countersign_return', milliseconds)
  if (target === undefined) peer().cookies.expireCookie(ctx, back)
  else await ctx.setSignedCookie(back.name, target, ctx.context.secret, back.attributes)
}

/** Goes on with one under another id. False: it has ended in the meantime. */
export async function renewPending(
  ctx: EndpointContext, old: OpenPending | undefined, pending: Pending, milliseconds: number,
): Promise<boolean> {
  if (old && !(await consume(ctx, old))) return false
  await store(ctx, pending, milliseconds)
  return true
}

async function store(ctx: EndpointContext, pending: Pending, milliseconds: number): Promise<void> {
  const id = randomBytes(32).toString('base64url')
  await ctx.context.internalAdapter.createVerificationValue({
    identifier: keyOf(id),
    value: JSON.stringify({ ...pending, password: await passwordOf(ctx, pending.user) } satisfies Stored),
    expiresAt: new Date(Date.now() + milliseconds),
  })
  const { name, attributes } = cookie(ctx, 'countersign_pending', milliseconds)
  await ctx.setSignedCookie(name, id, ctx.context.secret, attributes)
}

/** The one that this browser has begun, if it is still open. */
export async function findPending(ctx: EndpointContext): Promise<OpenPending | undefined> {
  const id = await ctx.getSignedCookie(cookie(ctx, 'countersign_pending').name, ctx.context.secret)
  if (!id) return undefined
  const row = await ctx.context.internalAdapter.findVerificationValue(keyOf(id))
  if (!row || new Date(row.expiresAt).getTime() <= Date.now()) return undefined
  const { password, ...pending } = JSON.parse(row.value) as Stored
  return password === (await passwordOf(ctx, pending.user)) ? { ...pending, key: keyOf(id) } : undefined
}

/** Ends it; of any number of callers one is told that it did. */
export async function endPending(ctx: EndpointContext, pending: OpenPending): Promise<boolean> {
  const ended = await consume(ctx, pending)
  peer().cookies.expireCookie(ctx, cookie(ctx, 'countersign_pending'))
  return ended
}

async function consume(ctx: EndpointContext, pending: OpenPending): Promise<boolean> {
  const row = await ctx.context.internalAdapter.consumeVerificationValue(pending.key)
  return row !== null && (JSON.parse(row.value) as Pending).user === pending.user
}

/** Where the sign-in was to lead to, once; a place of this site. */
export async function takeReturnTarget(ctx: EndpointContext): Promise<string | undefined> {
  const back = cookie(ctx, 'countersign_return')
  const target = await ctx.getSignedCookie(back.name, ctx.context.secret)
  peer().cookies.expireCookie(ctx, back)
  return target && isTrusted(ctx, target) ? target : undefined
}

async function returnTarget(ctx: EndpointContext): Promise<string | undefined> {
  const { body, query } = ctx as { body?: { callbackURL?: unknown }; query?: { callbackURL?: unknown } }
  const state = await peer().api.getOAuthState().catch(() => null)
  const target = body?.callbackURL ?? query?.callbackURL ?? state?.callbackURL
  return typeof target === 'string' && isTrusted(ctx, target) ? target : undefined
}

function isTrusted(ctx: EndpointContext, url: string): boolean {
  return ctx.context.isTrustedOrigin(url, { allowRelativePaths: true })
}

/** A hash of the password's hash, if the user has one. */
async function passwordOf(ctx: EndpointContext, user: string): Promise<string> {
  const accounts = await ctx.context.internalAdapter.findAccounts(user)
  const { password } = accounts.find(({ providerId }) => providerId === 'credential') ?? {}
  return password ? sha256(password, 'base64url') : ''
}

function cookie(ctx: EndpointContext, name: string, milliseconds = 0) {
  return ctx.context.createAuthCookie(name, { maxAge: Math.ceil(milliseconds / 1000) })
}

function keyOf(id: string): string {
  return `countersign-${sha256(id, 'hex')}`
}
