import type { Countersign } from '../service/countersign.js'
import { CountersignError } from '../shared/errors.js'
import { takeApproval } from './device.js'
import type { PluginSettings } from './options.js'
import { peer } from './peer.js'
import type { Pending } from './pending.js'
import type { Account, Auth, EndpointContext, RequestKey, SessionRow } from './types.js'

/** What the requests under way have proved, and what has stopped them. A request is one object of better-auth. */
export interface Requests {
  /** The user who has proved a second factor in this request, and when. */
  proved: WeakMap<RequestKey, Proof>
  /** The proof of the session that a request came with, for endpoints that only replace it. */
  replacing: WeakMap<RequestKey, Proof>
  /** The sign-ins that were stopped. */
  stopped: WeakMap<RequestKey, Pending>
  /** The row of the device whose code is being redeemed. */
  devices: WeakMap<RequestKey, string>
}

export interface Proof {
  user: string
  /** Epoch milliseconds. */
  at: number
  /** How well it was proved, as the session has it; absent for what another device inherits. */
  assurance?: string | null | undefined
}

/** What the plugin adds to a session. */
type StoredProof = { countersignAt: Date | null; countersignAssurance: string | null }

/** Endpoints that give a signed-in user another session in place of the present one. */
export const replacingPaths = [
  '/change-password',
  '/two-factor/enable',
  '/two-factor/disable',
  '/two-factor/verify-totp',
  '/two-factor/verify-otp',
]

/** An administrator acts as a user; the session says so, and changes no factor. */
const impersonation = '/admin/impersonate-user'

export const errorCodes = {
  SECOND_FACTOR_REQUIRED: { code: 'SECOND_FACTOR_REQUIRED', message: 'The second factor has not been verified' },
  STEP_UP_REQUIRED: { code: 'STEP_UP_REQUIRED', message: 'Verify the second factor again first' },
  SIGN_IN_ENDED: { code: 'SIGN_IN_ENDED', message: 'This sign-in has ended. Please sign in again' },
} as const

/** On the error that ends a request whose second factor is missing. */
const stop = Symbol('second factor required')

/**
 * Stands before every session that better-auth makes, in whichever way: `createSession` runs this hook first, and without
 * its leave there is no row, and so nothing that a cookie, a header or an answer could hold.
 */
export class Guard {
  readonly #auth: Auth
  readonly #service: Countersign
  readonly #settings: PluginSettings
  readonly #requests: Requests

  constructor(auth: Auth, service: Countersign, settings: PluginSettings, requests: Requests) {
    this.#auth = auth
    this.#service = service
    this.#settings = settings
    this.#requests = requests
    commitBeforeStops(auth)
  }

  async before(session: SessionRow, ctx: EndpointContext | null): Promise<{ data: StoredProof }> {
    const proof = ctx ? await this.#proofOf(session, ctx) : undefined
    if (proof) return { data: { countersignAt: new Date(proof.at), countersignAssurance: proof.assurance ?? null } }
    if (!this.#isExempt(session, ctx) && (await this.#mustProve(session.userId))) return this.#stop(session, ctx)
    // Whatever was given in with it, nothing was proved.
    return { data: { countersignAt: null, countersignAssurance: null } }
  }

  /** A first factor may have been enrolled while the session was made, or a hook of the host have given it to another user. */
  async after(session: SessionRow, ctx: EndpointContext | null): Promise<void> {
    const proof = ctx ? this.#proofIn(ctx) : undefined
    const proved = session.countersignAt && (proof === undefined || proof.user === session.userId)
    if (proved || this.#isExempt(session, ctx)) return
    // The deadline of the policy is stored now: a transaction has ended, and nobody waits for its connection.
    if (this.#settings.open.policy) await this.#service.enforcement(session.userId)
    if (!(await this.#mustProve(session.userId))) return
    await this.#auth.internalAdapter.deleteSession(session.token)
    await this.#stop(session, ctx)
  }

  /** The proof of the second factor, for this session or the one that it replaces. */
  async #proofOf(session: SessionRow, ctx: EndpointContext): Promise<Pick<Proof, 'at' | 'assurance'> | undefined> {
    const proof = this.#proofIn(ctx)
    if (proof?.user === session.userId) return proof
    const device = this.#requests.devices.get(ctx.context)
    const at = device === undefined ? undefined : await takeApproval(ctx, device, session.userId)
    return at === undefined ? undefined : { at }
  }

  #proofIn({ context }: EndpointContext): Proof | undefined {
    return this.#requests.proved.get(context) ?? this.#requests.replacing.get(context)
  }

  #isExempt({ impersonatedBy }: SessionRow, ctx: EndpointContext | null): boolean {
    if (ctx?.path === impersonation) return typeof impersonatedBy === 'string'
    return ctx ? this.#settings.exempt.includes(ctx.path) : false
  }

  async #mustProve(id: string): Promise<boolean> {
    const account = (await this.#auth.internalAdapter.findUserById(id)) as Account | null
    const { enrolled, removed } = await this.#service.status(id)
    if (enrolled) return true
    // A record that was lost is no way in.
    if (account?.countersignEnrolled && !removed) throw new CountersignError('record-missing')
    if (removed?.enrolmentRequired === true) return true
    return account !== null && (await mustEnrol(account, this.#service, this.#settings))
  }

  async #stop(session: SessionRow, ctx: EndpointContext | null): Promise<never> {
    // Its answer is made once every other hook has run; code that is no endpoint gets the error itself.
    const status = !ctx ? 'FORBIDDEN' : isNavigation(ctx) ? 'FOUND' : 'OK'
    const error = new (peer().api.APIError)(status, ctx ? undefined : errorCodes.SECOND_FACTOR_REQUIRED)
    Object.assign(error, { [stop]: true })
    if (ctx) {
      const remember = (ctx.body as { rememberMe?: unknown } | undefined)?.rememberMe !== false
      this.#requests.stopped.set(ctx.context, { user: session.userId, at: Date.now(), remember, path: ctx.path })
    }
    // In a transaction: what came before is kept, as it is where an adapter has none, and the error comes after it.
    await peer().queueAfterTransactionHook(async () => {
      throw error
    })
    throw error
  }
}

/**
 * Whether a user without a factor has to enrol one: the host says so, or the time that the policy gives is over. Only reads,
 * since a sign-up is a transaction, and SQLite has one connection.
 */
export async function mustEnrol(
  account: Account, service: Countersign, { required, open: { policy } }: Pick<PluginSettings, 'required' | 'open'>,
): Promise<boolean> {
  if ((await required(account)) !== false) return true
  if (!policy) return false
  for await (const { state } of service.report([account.id])) return state === 'required' || state === 'failed'
  return false
}

/** Whether a browser is sent here, and wants a page: by a provider, by a link in a mail, or with a form. */
export function isNavigation(ctx: EndpointContext | null): boolean {
  if ((ctx?.headers ?? ctx?.request?.headers)?.get('sec-fetch-mode') === 'navigate') return true
  // Not every client says so.
  if (ctx?.method !== 'GET') return false
  const mayBeJson = ctx.path === '/magic-link/verify' || ctx.path === '/verify-email'
  return !mayBeJson || typeof (ctx.query as { callbackURL?: unknown } | undefined)?.callbackURL === 'string'
}

/** Of all errors in a transaction, a stop alone doesn't undo it: a sign-up stands, and waits for its second factor. */
function commitBeforeStops({ adapter }: Auth): void {
  const transaction = adapter.transaction.bind(adapter)
  adapter.transaction = ((work) =>
    transaction(async (inner) => {
      try {
        return await work(inner)
      } catch (error) {
        if (typeof error === 'object' && error !== null && stop in error) return undefined as never
        throw error
      }
    })) as typeof adapter.transaction
}
