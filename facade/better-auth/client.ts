import type { BetterAuthClientPlugin } from 'better-auth/client'

import type { SessionState } from '../http/routes/session.js'
import type { Challenge, PasskeyChallenge, PasskeySignals, TotpEnrolment } from '../service/challenge.js'
import type { Accepted, Enrolled, Reset, Status } from '../service/outcome.js'
import type { Factor } from '../shared/factor.js'
import type { PublicKeyCredentialCreationOptionsJSON } from '../stateless/webauthn-json.js'
import type { CountersignPlugin } from './plugin.js'

export interface CountersignClientOptions {
  /** Called when a sign-in needs the second factor. `page` is the page of the server's plugin. */
  onSecondFactorRequired?: (context: { page: string }) => void | Promise<void>
  /** Without it: whether the browser goes to that page. Default true. */
  redirect?: boolean
}

/** What a call resolves with: `error` is a problem of `docs/http.md`, with its `status`. */
export type Result<T> =
  | { data: T; error: null }
  | { data: null; error: { status: number; statusText: string; type?: string; title?: string; detail?: string; reason?: string; message?: string } }

type Call<T, B = void> = (body: B) => Promise<Result<T>>
type Signalling = { signals?: PasskeySignals }

/** The routes of `docs/http.md`, as calls. */
export interface CountersignActions {
  /** Who this browser is to the server, and what it may do now. */
  session: Call<SessionState>
  /** The ways in which the user can answer: to finish a sign-in, or to step up. `null`: the user has no factor. */
  challenge: Call<{ challenge: Challenge | null }>
  /** Verifies an answer, such as `{ type: 'totp', code }`. Then there is a session, or one with a fresh proof. */
  verify: Call<Accepted, { answer: unknown; removeLost?: boolean }>
  reset: Call<Reset & { ok: true }, { totp: string; recovery: string; remove?: string[] }>
  /** Drops a pending sign-in. */
  cancel: Call<{ ok: true }>
  passkey: { challenge: Call<PasskeyChallenge>; verify: Call<Accepted, { answer: unknown }> }
  totp: {
    begin: Call<TotpEnrolment>
    finish: Call<Enrolled & { ok: true }, { enrolment: string; code: string; description: string }>
  }
  webauthn: {
    begin: Call<PublicKeyCredentialCreationOptionsJSON, { use?: 'second-factor' | 'passkey'; conditional?: boolean } | void>
    finish: Call<Enrolled & { ok: true } & Signalling, { response: unknown; description: string }>
  }
  yubico: { enrol: Call<Enrolled & { ok: true }, { code: string; description: string }> }
  factors: {
    list: Call<{ factors: Factor[]; status: Status }>
    update: Call<{ ok: true; factor: Factor } & Signalling, { id: string; description?: string; enable?: boolean }>
    remove: Call<{ ok: true; left: Factor[] } & Signalling, { id: string }>
  }
  recoveryCodes: Call<{ codes: string[]; account: string }>
  status: Call<Status>
}

/**
 * The page's plugin for better-auth: calls for enrolment and answers, and the way to the page of the second factor.
 *
 * @example
 * const authClient = createAuthClient({ plugins: [countersignClient()] })
 * const { error } = await authClient.countersign.verify({ answer: { type: 'totp', code } })
 */
export function countersignClient(options: CountersignClientOptions = {}): CountersignClientPlugin {
  return {
    id: 'countersign',
    $InferServerPlugin: {} as CountersignPlugin,
    // Those that may make or end a session.
    atomListeners: [{ matcher: (path) => changing.some((one) => path.startsWith(one)), signal: '$sessionSignal' }],
    fetchPlugins: [
      {
        id: 'countersign',
        name: 'countersign',
        hooks: {
          async onSuccess({ data }) {
            const answer = data as { secondFactorRequired?: unknown; page?: unknown } | null
            if (answer?.secondFactorRequired !== true || typeof answer.page !== 'string') return
            if (options.onSecondFactorRequired) await options.onSecondFactorRequired({ page: answer.page })
            else if (options.redirect !== false && typeof location === 'object') location.assign(answer.page)
          },
        },
      },
    ],
    getActions: ($fetch) => ({ countersign: actionsWith($fetch as unknown as Fetch) }),
  }
}

export interface CountersignClientPlugin extends BetterAuthClientPlugin {
  id: 'countersign'
  $InferServerPlugin: CountersignPlugin
  getActions: (...args: Parameters<NonNullable<BetterAuthClientPlugin['getActions']>>) => { countersign: CountersignActions }
}

type Fetch = (path: string, options: { method: string; body?: object }) => Promise<never>

const changing = ['verify', 'reset', 'passkey/verify', 'factors', 'challenge', 'cancel'].map((path) => `/countersign/${path}`)

function actionsWith($fetch: Fetch): CountersignActions {
  const get = (path: string) => () => $fetch(`/countersign${path}`, { method: 'GET' })
  const post = (path: string) => (body?: object | void) => $fetch(`/countersign${path}`, { method: 'POST', body: body ?? {} })
  const ofFactor = (method: string) => ({ id, ...body }: { id: string }) =>
    $fetch(`/countersign/factors/${encodeURIComponent(id)}`, { method, body })
  return {
    session: get('/session'),
    challenge: post('/challenge'),
    verify: post('/verify'),
    reset: post('/reset'),
    cancel: post('/cancel'),
    passkey: { challenge: post('/passkey/challenge'), verify: post('/passkey/verify') },
    totp: { begin: post('/factors/totp'), finish: post('/factors/totp/finish') },
    webauthn: { begin: post('/factors/webauthn'), finish: post('/factors/webauthn/finish') },
    yubico: { enrol: post('/factors/yubico') },
    factors: { list: get('/factors'), update: ofFactor('PATCH'), remove: ofFactor('DELETE') },
    recoveryCodes: post('/recovery-codes'),
    status: get('/status'),
  }
}
