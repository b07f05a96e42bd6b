import { invalid } from '../shared/check.js'
import type { HttpUser } from './options.js'
import { checkRedirect, checkSessions, guardOf, misplaced } from './sessions/guard.js'
import type { GuardOptions } from './sessions/guard.js'
import type { AnyRequest } from './same-origin.js'
import type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions/sessions.js'

export type { GuardOptions } from './sessions/guard.js'
export type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions/sessions.js'

type MaybePromise<T> = T | Promise<T>

/** What this needs of Next.js: its functions are passed in, so that they are those of your application. */
export interface NextOptions {
  /** `headers` of `next/headers`. */
  headers: () => MaybePromise<{ get(name: string): string | null }>
  /** `cookies` of `next/headers`. */
  cookies: () => MaybePromise<{ set(name: string, value: string, options: NextCookie): unknown }>
  /** `redirect` of `next/navigation`. */
  redirect: (path: string) => never
  /** The page to which `requireSecondFactor` sends people, such as `/sign-in`. */
  signIn: string
}

/** Attributes of a cookie, as `cookies().set` takes them. */
export interface NextCookie {
  path: string
  maxAge: number
  httpOnly: boolean
  sameSite: 'strict' | 'lax'
  secure: boolean
}

/** The second factor of the request that Next.js is answering. */
export interface NextSecondFactor {
  /** Returns the user, or `null`. Check `state`: a `pending` user has only given the password. */
  user(): Promise<HttpUser | null>
  /** Returns the user whose sign-in is complete, or why there is none. For actions. */
  check(options?: CheckOptions): Promise<SessionCheck>
  /**
   * Returns the user whose sign-in is complete, with a proof that is not older than `within` seconds if that is given.
   * Others are sent to the page for the sign-in. For pages, layouts and actions.
   */
  requireSecondFactor(options?: GuardOptions): Promise<HttpUser>
  /** Begins a sign-in after the password, and sets the cookie. For actions. */
  signIn(user: string, options?: SignInOptions): Promise<SessionChange>
  /** Signs out, and takes the cookie away. For actions. */
  signOut(): Promise<SessionChange>
  /** Ends all other sign-ins of this user. */
  endOthers(): Promise<void>
}

/**
 * Adds the second factor to Next.js (15 or newer, on its Node runtime).
 *
 * @param sessions what `createSessions()` returned
 * @throws {CountersignError} `invalid-argument`, naming what is wrong
 *
 * @example
 * export const { requireSecondFactor, signIn, signOut } = secondFactor(sessions, {
 *   headers, cookies, redirect, signIn: '/sign-in',
 * })
 */
export function secondFactor(sessions: Sessions<AnyRequest>, options: NextOptions): NextSecondFactor {
  const { plugin } = checkSessions(sessions)
  if (plugin !== undefined) throw misplaced('sessions for Next.js are made with createSessions()')
  const { headers, cookies, redirect, signIn: page } = Object(options) as NextOptions
  for (const [name, value] of Object.entries({ headers, cookies, redirect })) {
    if (typeof value !== 'function') throw invalid(name, `the function ${name} of ${name === 'redirect' ? 'next/navigation' : 'next/headers'}`)
  }
  checkRedirect(page, 'signIn')

  const here = async () => ({ headers: (await headers()) as Headers })
  const changed = async (change: SessionChange) => {
    if (!change.ok) return change
    const jar = await cookies()
    for (const set of Object.values(change.headers)) jar.set(...cookieOf(set))
    return change
  }

  return {
    user: async () => sessions.user(await here()),
    check: async (check) => sessions.check(await here(), check),
    async requireSecondFactor(given = {}) {
      const guard = guardOf(given)
      const checked = await sessions.check(await here(), guard.check)
      return checked.ok ? checked.user : redirect(given.redirect ?? page)
    },
    signIn: async (user, given) => changed(await sessions.signIn(await here(), user, given)),
    signOut: async () => changed(await sessions.signOut(await here())),
    endOthers: async () => sessions.endOthers(await here()),
  }
}

/** A header of our own in the form that Next.js takes. */
function cookieOf(set: string): [name: string, value: string, attributes: NextCookie] {
  const [pair = '', ...attributes] = set.split('; ')
  const [name = '', value = ''] = pair.split('=')
  const maxAge = Number(attributes.find((one) => one.startsWith('Max-Age='))?.slice('Max-Age='.length))
  const sameSite = attributes.includes('SameSite=Strict') ? 'strict' : 'lax'
  return [name, value, { path: '/', maxAge, httpOnly: true, sameSite, secure: attributes.includes('Secure') }]
}
