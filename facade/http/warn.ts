import type { WarningReason } from '../service/event.js'
import { earliest } from '../shared/check.js'
import { originHint, shownOrigin } from '../service/hints.js'
import type { Accepted } from '../service/outcome.js'
import type { HeaderReader } from './node-headers.js'

/** What each warning of this handler goes to: `onEvent` of the service, its channel, or else the log. */
export type Warn = (reason: WarningReason, message: string, user?: string) => void

interface Place {
  warn: Warn
  rp: { id: string; origins: string[] }
  basePath: string
}

/** What the host says of a session. */
interface Session {
  id: string
  state: 'pending' | 'verified'
  at: number
  session?: string
}

/** Warns that a request was refused because it came from another site. */
export function warnOfOrigin({ warn, rp }: Pick<Place, 'warn' | 'rp'>, headers: HeaderReader): void {
  const [origin, site] = [headers.get('origin'), headers.get('sec-fetch-site')]
  const accepted = origin !== null && rp.origins.includes(origin)
  if (!accepted && origin !== null) return warn('wrong-origin', `A request was refused. ${originHint(origin, rp.origins, { rpId: rp.id })}`)
  // The browser says that the page's origin differs from that of the address it called.
  const page = origin === null ? 'A page' : `The page at ${shownOrigin(origin)}`
  warn('wrong-origin', `A request was refused. ${page} called this server at a different origin than its own ` +
    `(Sec-Fetch-Site: ${sites.find((one) => one === site) ?? 'unknown'}). Pages must call it at their own origin, for example ` +
    `through a proxy, and that origin must be one of rp.origins: ${rp.origins.join(', ')}.`)
}

/** Warns that a request for a route of the handler arrived at a different path than expected. */
export function warnOfMount({ warn, basePath }: Place, path: string, routes: readonly { path: string }[]): void {
  const bare = path.endsWith('/') ? path.slice(0, -1) : path
  const route = routes.find((one) => !one.path.includes('{') && bare.endsWith(one.path))
  if (!route) return
  if (bare !== path) {
    return warn('mount-path', `A request for ${route.path} arrived with a slash at the end of its path. Something in front of this server ` +
      `adds it, such as trailingSlash of Next.js or a redirect of a proxy: turn it off below '${basePath}'.`)
  }
  const mount = path.slice(0, -route.path.length)
  const shown = mount.length <= 64 && /^(?:\/[\w.~-]+)*$/.test(mount) ? `'${mount}'` : 'another path'
  warn('mount-path', `A request for ${route.path} arrived below ${shown}, but basePath is '${basePath}'. ` +
    `Mount the handler at '${basePath}', or pass the path where it is mounted to createHandler as basePath` +
    `${shown === 'another path' ? '' : `: basePath: ${shown}`}. Pages need the same path in their attribute base.`)
}

/** Warns that the time of a session is in another unit, as a rule in seconds. Every proof would then look old. */
export function warnOfUnit({ warn }: Place, { id, at }: Session, now: number): void {
  const isSeconds = Math.abs(at * 1000 - now) < 400 * 86_400_000
  warn('at-in-seconds', `user() returned at: ${at}, but this server's time is ${now}: at must be in milliseconds, like ` +
    `Date.now() and the at of outcomes. Store the at that onVerified receives unchanged${isSeconds ? ', or multiply yours by 1000' : ''}.`, id)
}

/** Warns that the time of a session is in the future. No proof then counts as fresh. */
export function warnOfFuture({ warn }: Place, { id, at }: Session, now: number): void {
  if (at - now <= skew) return
  if (now < earliest) {
    return warn('clock', `The option now of the service returned ${now}, but user() returned at: ${at}. now must return milliseconds, like Date.now().`, id)
  }
  warn('clock', `user() returned at: ${at}, which is ${Math.round((at - now) / 1000)} seconds later than this server's time, ${now}. ` +
    'Nothing counts as freshly verified until then. Set the clocks of all servers by NTP, and store the at that onVerified ' +
    'receives unchanged.', id)
}

/** Milliseconds by which the clock of another server may be ahead. */
export const skew = 60_000

/** Whether a time is none in milliseconds: it would lie before 1974, when nobody signed in here. */
export function isInOtherUnit({ at }: Session, now: number): boolean {
  return at > 0 && at < earliest && now > earliest
}

/** Sessions as they were before a verification: one that comes again afterwards was not saved. */
export class UnsavedSessions {
  readonly #before = new Map<string, Session & { since: number }>()

  /** `at`: that of the outcome. */
  verified(user: Session, { at, factor }: { at: number; factor: Accepted['factor'] | null }, now: number): void {
    // Two proofs within one second leave a session as it was, and rightly so.
    if (user.state === 'verified' && (user.at === at || factor === null)) return
    this.#before.set(keyOf(user), { id: user.id, state: user.state, at: user.at, since: now })
    if (this.#before.size > most) this.#before.delete(this.#before.keys().next().value as string)
  }

  check({ warn }: Place, user: Session, now: number): void {
    const before = this.#before.get(keyOf(user))
    if (!before || before.id !== user.id || before.state !== user.state || before.at !== user.at) return
    this.#before.delete(keyOf(user))
    if (Math.abs(now - before.since) > lifetime) return
    warn('session-not-saved', `onVerified received ok: true, but user() still returns the old session: state ` +
      `'${user.state}', at ${user.at}. Save the session before onVerified returns (await it), under a new id, with state ` +
      "'verified' and the at of the outcome, and send its cookie with the answer.", user.id)
  }
}

/** Of two sessions with the same key, the one that was verified last is known. */
const keyOf = ({ id, session }: Session) => session ?? id

const most = 1000

const lifetime = 600_000

const sites = ['cross-site', 'same-site', 'none']
