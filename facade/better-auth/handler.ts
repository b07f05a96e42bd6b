import { endsOthers } from '../http/ends-others.js'
import { createHandler } from '../http/handler.js'
import type { HttpUser, Verification } from '../http/options.js'
import type { Assurance } from '../service/assurance.js'
import type { Countersign } from '../service/countersign.js'
import { storedSession } from './device.js'
import { errorCodes } from './guard.js'
import type { Requests } from './guard.js'
import type { PluginSettings } from './options.js'
import { peer } from './peer.js'
import { endPending, findPending, renewPending } from './pending.js'
import type { OpenPending } from './pending.js'
import type { Account, EndpointContext, SessionRow } from './types.js'

/** One request to the handler, and whom it comes from. */
export interface Visit {
  ctx: EndpointContext
  account?: Account
  pending?: OpenPending
  session?: SessionRow
  /** What better-auth threw: it, not a problem of the handler, is the answer. */
  failure?: unknown
  /** The path of the endpoint whose sign-in is done now. */
  done?: string
}

/** The JSON API of `countersign/http`, on the users and sessions of better-auth. */
export function handlerFor(service: Countersign, settings: PluginSettings, { proved }: Requests) {
  const { freshSeconds, conditionalCreate, admin, required } = settings
  return createHandler<Visit>(service, {
    basePath: '/countersign',
    freshSeconds,
    conditionalCreate,
    ...(admin && { admin }),
    required: (_user, _request, { account }) => (account ? required(account) : false),
    user: (_request, visit) => userOf(visit, service, freshSeconds * 1000),
    async onVerified(_request, user, outcome, visit) {
      try {
        await settle(user, outcome, visit, proved, settings.pendingMilliseconds)
      } catch (error) {
        visit.failure = error
      }
    },
    async onEnrolled(_request, { id }, enrolled, { ctx, session }) {
      const { internalAdapter } = ctx.context
      await internalAdapter.updateUser(id, { countersignEnrolled: enrolled })
      // An administrator has removed the last factor of somebody else, whose sessions may be a thief's.
      if (!enrolled && session && session.userId !== id) await internalAdapter.deleteUserSessions(id)
    },
    onError: (error, _request, { ctx }) =>
      settings.onError ? settings.onError(error) : ctx.context.logger.error('countersign failed', error),
  })
}

/** A sign-in that waits for its second factor comes before an older session of the same browser. A newer one ends it. */
async function userOf(visit: Visit, service: Countersign, freshMilliseconds: number): Promise<HttpUser | null> {
  const { ctx } = visit
  const pending = await findPending(ctx)
  const account = pending && ((await ctx.context.internalAdapter.findUserById(pending.user)) as Account | null)
  if (pending && account) {
    Object.assign(visit, { pending, account })
    const firstFactor = passwordPaths.has(pending.path) ? { firstFactor: ['pwd'] } : {}
    const { at, key, answered: assurance } = pending
    return { ...named(account), state: 'pending', at, session: key, ...firstFactor, ...(assurance && { answered: true, assurance }) }
  }
  const found = await storedSession(ctx)
  // Who acts as somebody else is not asked for their factors, and may not change them.
  if (!found || found.session.impersonatedBy) return null
  const { session, user } = found
  Object.assign(visit, { session, account: user })
  const at = new Date(session.countersignAt ?? session.createdAt).getTime()
  // It was made without a factor that is there now: an endpoint is exempt, or the factor was imported. It has to step up.
  if (!session.countersignAt && (await service.status(user.id)).enrolled) {
    return { ...named(user), state: 'verified', at: Math.min(at, Date.now() - freshMilliseconds), session: session.id }
  }
  return { ...named(user), state: 'verified', at, session: session.id, ...assuranceIn(session) }
}

/** The endpoints of better-auth that take a password. What a provider or a link in a mail proved, nobody says. */
const passwordPaths: ReadonlySet<string> = new Set(['/sign-in/email', '/sign-in/username', '/sign-in/phone-number', '/sign-up/email'])

/** What a session keeps of its last proof; the password in it holds for as long as the session. */
function assuranceIn({ countersignAssurance: text }: SessionRow): Pick<HttpUser, 'assurance' | 'firstFactor'> {
  if (!text) return {}
  const assurance = JSON.parse(text) as Assurance
  return { assurance, ...(assurance.amr.includes('pwd') && { firstFactor: ['pwd'] }) }
}

function named({ id, email, name, countersignEnrolled }: Account): Pick<HttpUser, 'id' | 'name' | 'displayName' | 'enrolled'> {
  return { id, name: email, displayName: name, enrolled: countersignEnrolled === true }
}

type Proved = Requests['proved']

async function settle(user: HttpUser, outcome: Verification, visit: Visit, proved: Proved, pendingMilliseconds: number): Promise<void> {
  const { ctx, pending } = visit
  if (!outcome.ok && outcome.reason === 'enrolment-required') {
    const { at, assurance: answered, purpose } = outcome
    const { remember = true, path = '' } = purpose === 'passkey' ? {} : (pending ?? {})
    if (!(await renewPending(ctx, pending, { user: user.id, at, remember, path, answered }, pendingMilliseconds))) throw ended()
    if (endsOthers(outcome)) await ctx.context.internalAdapter.deleteUserSessions(user.id)
    return
  }
  if (!outcome.ok) {
    // Guessing can't go on in this sign-in once the lock lifts.
    if (outcome.reason === 'locked' && pending) await endPending(ctx, pending)
    return
  }
  if (outcome.purpose === 'passkey') return signIn(user.id, outcome, true, visit, proved)
  if (visit.session) return replace(visit.session, user, outcome, visit, proved)
  if (!pending) throw ended()
  // A first factor was enrolled meanwhile: what was right before it is not enough any more.
  const account = (await ctx.context.internalAdapter.findUserById(user.id)) as Account | null
  if (outcome.factor === null && account?.countersignEnrolled) throw ended()
  if (!(await endPending(ctx, pending))) throw ended()
  if (endsOthers(outcome)) await ctx.context.internalAdapter.deleteUserSessions(user.id)
  if (outcome.factor === null) return signIn(user.id, undefined, pending.remember, visit, proved)
  await signIn(user.id, outcome, pending.remember, visit, proved)
  if (pending.path) visit.done = pending.path
}

async function signIn(
  id: string,
  proof: { at: number; assurance: Assurance } | undefined,
  remember: boolean,
  { ctx }: Visit,
  proved: Proved,
  old?: SessionRow,
): Promise<void> {
  const { internalAdapter } = ctx.context
  const user = await internalAdapter.findUserById(id)
  if (!user) throw ended()
  if (proof) proved.set(ctx.context, { user: id, at: proof.at, assurance: JSON.stringify(proof.assurance) })
  try {
    const session = await internalAdapter.createSession(id, !remember, old)
    if (!session) throw ended()
    // It was signed out, or ended from elsewhere, while its answer was on its way.
    if (old && !(await internalAdapter.findSession(old.token))) {
      await internalAdapter.deleteSession(session.token)
      throw ended()
    }
    if (old) await internalAdapter.deleteSession(old.token)
    await peer().cookies.setSessionCookie(ctx, { session, user }, !remember)
  } finally {
    proved.delete(ctx.context)
  }
}

/** A proof in a session gives it another id. */
async function replace(old: SessionRow, user: HttpUser, outcome: Verification & { ok: true }, visit: Visit, proved: Proved): Promise<void> {
  const { ctx } = visit
  const { authCookies, secret } = ctx.context
  const forgotten = await ctx.getSignedCookie(authCookies.dontRememberToken.name, secret)
  if (endsOthers(outcome)) await endOtherSessions(ctx, user.id, old.token)
  await signIn(user.id, outcome, !forgotten, visit, proved, old)
}

/** Ends all other sessions of a user. An adapter lists only so many at once. */
async function endOtherSessions({ context: { internalAdapter } }: EndpointContext, user: string, kept: string): Promise<void> {
  const done = new Set([kept])
  for (;;) {
    const listed = await internalAdapter.listSessions(user, { onlyActiveSessions: true })
    const others = listed.filter(({ token }) => !done.has(token))
    if (others.length === 0) return
    for (const { token } of others) {
      await internalAdapter.deleteSession(token)
      done.add(token)
    }
  }
}

function ended(): Error {
  return peer().api.APIError.from('UNAUTHORIZED', errorCodes.SIGN_IN_ENDED)
}
