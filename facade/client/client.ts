import { setTimeout } from 'node:timers/promises'

import { own } from '../shared/check.js'
import { Cookies } from './cookies.js'
import { ClientError } from './error.js'
import { checkClientOptions } from './options.js'
import type { ClientOptions, ClientSettings } from './options.js'
import { follow, isRepeatable } from './redirects.js'
import type { Followed } from './redirects.js'

/** The result of answering. */
export interface Answered {
  /** The factor that gave the answer; `null` if the server asked for none. */
  factor: { id: string; type: string; description?: string } | null
  /** The server's clock minus ours, in milliseconds, exact to a second at best. Absent if the server didn't send it. */
  skew?: number
}

/** A client for one user of one server. It keeps that user's session. */
export interface Client {
  /**
   * Works like the global `fetch`. Requests to the server's origin get the session's cookies and the client's headers.
   * Redirects are followed one by one, and cookies set on the way are kept. Cookies, headers and bodies never go to
   * another origin: a redirect there is followed for GET and HEAD only, else it is `redirect-refused`.
   * If the server asks for a second factor (`second-factor-required`, `step-up-required`), the client answers and sends
   * the request once more, unless its body was a stream. If a redirect had turned it into a GET, only that is sent again.
   *
   * @throws {ClientError} when the answer was refused, or could not be given
   */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>
  /**
   * Answers for a pending sign-in or, once signed in, for a step-up. If the code is refused because it was already
   * used, it waits for the next one, at most one step, and tries that. Concurrent calls share one answer.
   *
   * @throws {ClientError}
   */
  answer(options?: { signal?: AbortSignal }): Promise<Answered>
}

/**
 * Creates a client for scripts that call a server with `countersign/http`. It answers a challenge with a code that it
 * computes from the secret, by this machine's clock. It reports how far the server's clock is off (`skew`), but doesn't
 * use it.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option
 *
 * @example
 * const client = createClient({ url: 'https://example.com/countersign', totp: process.env.SHOP_TOTP ?? '' })
 * await client.fetch('https://example.com/password', { method: 'POST', body: credentials })
 * const orders = await client.fetch('https://example.com/api/orders')
 */
export function createClient(options: ClientOptions): Client {
  const session = new Session(checkClientOptions(options))
  return {
    fetch: (input, init) => session.fetch(input, init),
    answer: (given) => session.answer(given?.signal),
  }
}

class Session {
  readonly #settings: ClientSettings
  readonly #cookies = new Cookies()
  #answering: Promise<Answered> | undefined
  /** How many were given. */
  #answers = 0
  /** The step of the last code that was sent: no code is good twice. */
  #lastStep = -1

  constructor(settings: ClientSettings) {
    this.#settings = settings
  }

  async fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const before = this.#answers
    const { response, url, other } = await this.#send(input, init)
    if (![401, 403].includes(response.status) || !isRepeatable(init.body)) return response
    // Another site, which this request was redirected to, may ask for nothing.
    if (url.origin !== this.#settings.url.origin) return response
    // An answer to another call ends the session that this one was sent in, whatever the server made of it then.
    const overtaken = this.#answering !== undefined || this.#answers !== before
    if (!overtaken && !(await asksForFactor(response))) return response
    if (this.#answers === before) await this.answer(init.signal ?? undefined)
    await response.body?.cancel()
    // Not what led there by a redirect: a POST is done by then.
    return (await (other ? this.#send(url, { ...other, redirect: 'follow' }) : this.#send(input, init))).response
  }

  answer(signal?: AbortSignal): Promise<Answered> {
    this.#answering ??= this.#answer(signal)
      .then((answered) => {
        this.#answers += 1
        return answered
      })
      .finally(() => { this.#answering = undefined })
    return this.#answering
  }

  async #answer(signal: AbortSignal | undefined): Promise<Answered> {
    const { body: state } = await this.#call('GET', '/session', signal)
    if (own(state, 'state') === 'none') throw new ClientError('not-signed-in')
    const { body, skew } = await this.#call('POST', '/challenge', signal, {})
    const challenge = own(body, 'challenge') as object | null | undefined
    if (challenge === null) return this.#answerNothing(signal, skew)
    if (typeof challenge !== 'object') throw new ClientError('unexpected-answer', { status: 200 })
    const locked = own(challenge, 'locked')
    if (Array.isArray(locked) && locked.includes('totp')) throw new ClientError('locked', skew)
    if (own(challenge, 'totp') !== true) throw new ClientError('totp-not-offered', skew)
    return (await this.#tryCode(signal, false)) ?? ((await this.#tryCode(signal, true)) as Answered)
  }

  /** A sign-in without a factor is done by asking; a step-up is the password again, which is not ours. */
  async #answerNothing(signal: AbortSignal | undefined, skew: { skew?: number }): Promise<Answered> {
    const { body } = await this.#call('GET', '/session', signal)
    if (own(body, 'state') === 'verified' && own(body, 'fresh') === true) return { factor: null, ...skew }
    throw new ClientError('no-factor', skew)
  }

  /** `undefined`: refused, and another code may be right. */
  async #tryCode(signal: AbortSignal | undefined, last: boolean): Promise<Answered | undefined> {
    const { code, period, now } = this.#settings
    const next = (this.#lastStep + 1) * period * 1000
    // More than a step is a clock that was set back: the server decides then. A timer may come a moment early.
    for (let wait = next - now(); wait > 0 && wait <= period * 1000; wait = next - now()) await pause(wait, signal)
    const at = now()
    this.#lastStep = Math.floor(at / 1000 / period)
    const answer = { type: 'totp', code: code(at) }
    const { body, status, skew } = await this.#call('POST', '/verify', signal, { answer })
    if (status === 200) return { factor: own(body, 'factor') as NonNullable<Answered['factor']>, ...skew }
    const reason = own(body, 'reason')
    if (reason === 'locked') throw new ClientError('locked', { status, ...skew })
    // With clocks that far apart the next code is wrong too, and counts as a guess.
    const hopeless = Math.abs(skew.skew ?? 0) > 2 * period * 1000
    if (last || hopeless || reason !== 'rejected') throw new ClientError('rejected', { status, ...skew })
    return undefined
  }

  /** One request of the protocol. Anything but a success or a refusal is an error. */
  async #call(
    method: string, path: string, signal: AbortSignal | undefined, body?: object,
  ): Promise<{ status: number; body: object; skew: { skew?: number } }> {
    const { url, timeout, now } = this.#settings
    const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const limit = AbortSignal.timeout(timeout)
    const either = signal ? AbortSignal.any([signal, limit]) : limit
    const init = { method, redirect: 'manual', signal: either, ...json } as const
    const sent = now()
    let response: Response
    let answer: unknown
    try {
      const { href } = url
      response = (await this.#send(`${href.endsWith('/') ? href.slice(0, -1) : href}${path}`, init)).response
      const skew = readSkew(response.headers, sent, now())
      answer = await response.json().catch((error: unknown) => {
        if (either.aborted) throw error
      })
      const { status } = response
      if (typeof answer !== 'object' || answer === null) throw new ClientError('unexpected-answer', { status })
      if (status === 200 || (status === 403 && own(answer, 'ok') === false)) return { status, body: answer, skew }
      throw new ClientError(status === 401 ? 'not-signed-in' : 'unexpected-answer', { status, ...skew })
    } catch (cause) {
      if (cause instanceof ClientError || signal?.aborted) throw cause
      throw new ClientError('unreachable', { cause })
    }
  }

  async #send(input: string | URL, init: RequestInit): Promise<Followed> {
    const { url: { origin }, fetch } = this.#settings
    const url = new URL(input)
    const hop = (to: URL, one: RequestInit) => (to.origin === origin ? this.#sendOurs(to, one) : fetch(to, one))
    const byHand = url.origin === origin && (init.redirect ?? 'follow') === 'follow'
    return byHand ? follow(hop, url, init, origin) : { response: await hop(url, init), url }
  }

  async #sendOurs(url: URL, init: RequestInit): Promise<Response> {
    const { headers: always, fetch, now } = this.#settings
    const headers = new Headers(init.headers)
    for (const [name, value] of Object.entries(always)) if (!headers.has(name)) headers.set(name, value)
    const cookie = this.#cookies.header(url, now())
    if (cookie !== undefined && !headers.has('cookie')) headers.set('cookie', cookie)
    const response = await fetch(url, { ...init, headers })
    this.#cookies.take(response.headers, url, now())
    return response
  }
}

const due = ['urn:countersign:problem:second-factor-required', 'urn:countersign:problem:step-up-required']

/** Whether the server wants an answer before it does this; its body stays unread. */
async function asksForFactor(response: Response): Promise<boolean> {
  const type = response.headers.get('content-type') ?? ''
  if (type.split(';')[0]?.trim().toLowerCase() !== 'application/problem+json') return false
  const problem: unknown = await response.clone().json().catch(() => null)
  return typeof problem === 'object' && problem !== null && due.includes(own(problem, 'type') as string)
}

/** The header has whole seconds: the middle of its second against the middle of the call. */
function readSkew(headers: Headers, sent: number, received: number): { skew?: number } {
  const date = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(date) ? {} : { skew: Math.round(date + 500 - (sent + received) / 2) }
}

const pause = (milliseconds: number, signal: AbortSignal | undefined) =>
  setTimeout(milliseconds, undefined, signal ? { signal } : {})
