import type { App, RouteRequest, Routes } from '../app.js'
import { HttpError, text } from '../http.js'
import type { Session } from '../sessions.js'
import { signedIn } from './guards.js'

/** The settings: reading needs a signed-in session, changing a proof within the last five minutes. */
export function factorRoutes({ countersign, accounts, sessions }: App): Routes {
  /** May change the factors that there are. */
  function changer(session: Session | undefined): Session {
    const current = signedIn(session)
    if (current.proof.by !== 'factor' || !sessions.fresh(current)) throw new HttpError(403, 'step-up')
    return current
  }

  /** May add one: where there is none yet, a fresh password is proof enough. */
  async function adder(session: Session | undefined): Promise<Session> {
    const current = signedIn(session)
    if (current.proof.by === 'factor' || !sessions.fresh(current)) return changer(current)
    if ((await countersign.factors(current.account)).length > 0) throw new HttpError(403, 'step-up')
    return current
  }

  /** Enrols by `finish`, which is told whether only a first factor may come of it. */
  async function enrol<Result extends { ok: boolean }>(
    { session, become }: RouteRequest,
    finish: (current: Session, firstOnly: boolean) => Promise<Result>,
  ): Promise<Result> {
    const current = await adder(session)
    const firstOnly = current.proof.by === 'password'
    const enrolled = await finish(current, firstOnly)
    if (!enrolled.ok) return enrolled
    await accounts.setEnrolled(current.account, true)
    if (firstOnly) {
      // The factor was proved just now; a session elsewhere that knew the password alone was not.
      sessions.endOthers(current)
      become(sessions.proved(current, 'factor'))
    }
    return enrolled
  }

  return {
    async 'GET /api/factors'({ session }) {
      const { account } = signedIn(session)
      const [factors, status] = await Promise.all([countersign.factors(account), countersign.status(account)])
      return { factors, locked: status.locked, lockedUntil: status.lockedUntil }
    },

    async 'POST /api/factors/totp'({ session }) {
      const { account, binding } = await adder(session)
      const name = accounts.byId(account)?.name ?? ''
      return countersign.beginTotp(account, { account: name.replaceAll(':', ' '), session: binding })
    },

    'POST /api/factors/totp/finish': (request) =>
      enrol(request, ({ account, binding }, firstOnly) =>
        countersign.finishTotp(account, {
          enrolment: request.body['enrolment'],
          code: request.body['code'],
          description: description(request.body),
          session: binding,
          firstOnly,
        }),
      ),

    /** A passkey asks for a PIN or a fingerprint and is found without its id; a security key needs a touch only. */
    async 'POST /api/factors/webauthn'({ body, session }) {
      const { account, binding } = await adder(session)
      const name = accounts.byId(account)?.name ?? ''
      const passkey = body['passkey'] === true
      return countersign.beginWebauthn(account, {
        name,
        displayName: name,
        session: binding,
        userVerification: passkey ? 'required' : 'discouraged',
        residentKey: passkey ? 'required' : 'discouraged',
        ...(!passkey && { hints: ['security-key'] }),
      })
    },

    'POST /api/factors/webauthn/finish': (request) =>
      enrol(request, ({ account, binding }, firstOnly) =>
        countersign.finishWebauthn(account, {
          response: request.body['response'],
          description: description(request.body),
          session: binding,
          firstOnly,
        }),
      ),

    async 'POST /api/recovery-codes'({ session }) {
      const { account } = changer(session)
      const factors = await countersign.factors(account)
      if (factors.every(({ type }) => type === 'recovery')) throw new HttpError(409, 'factor-required')
      return { codes: await countersign.createRecoveryCodes(account) }
    },

    async 'PATCH /api/factors/:id'({ body, id, session }) {
      const { account } = changer(session)
      const enable = body['enable']
      return countersign.updateFactor(account, id, {
        ...('description' in body && { description: description(body) }),
        ...(typeof enable === 'boolean' && { enable }),
      })
    },

    async 'DELETE /api/factors/:id'({ id, session }) {
      const { account } = changer(session)
      const removed = await countersign.removeFactor(account, id)
      if (removed.ok && removed.left.length === 0) await accounts.setEnrolled(account, false)
      return removed
    },
  }
}

function description(body: Record<string, unknown>): string {
  const value = text(body, 'description').trim()
  if (/[\p{Cc}\p{Cs}]/u.test(value)) throw new HttpError(400, 'invalid')
  return value
}
