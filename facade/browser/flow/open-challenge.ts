import type { Challenge } from '../../service/challenge.js'
import { authenticate, supported } from '../index.js'
import type { Api, RefusedAnswer, Verified, Wanted } from './api.js'
import { failed, settled, type Settled } from './settled.js'

/** What a challenge can be answered with. */
export type Way = 'webauthn' | 'totp' | 'yubico' | 'recovery'

export interface AnswerOptions {
  /** With a recovery code: removes the other factors. */
  removeLost?: boolean
  /** Remembers this browser, if the handler allows it. */
  remember?: boolean
}

/** What a challenge offers, in the order to show it: less what is locked, used up, or impossible in this browser. */
export function waysOf({ webauthn, totp, yubico, recovery, locked = [] }: Challenge): Way[] {
  const offered: [Way, boolean][] = [
    ['webauthn', Boolean(webauthn) && supported()],
    ['totp', Boolean(totp) && !locked.includes('totp')],
    ['yubico', Boolean(yubico) && !locked.includes('yubico')],
    ['recovery', (recovery?.left ?? 0) > 0 && !locked.includes('recovery')],
  ]
  return offered.flatMap(([way, can]) => (can ? [way] : []))
}

/** A challenge that waits for its answer. `done` gets each outcome that ends it: `ok`, or `locked`. */
export class OpenChallenge {
  #webauthn: PublicKeyCredentialRequestOptionsJSON | undefined

  constructor(
    private readonly api: Api,
    readonly challenge: Challenge,
    private readonly signal: () => AbortSignal,
    private readonly done: (outcome: Verified | RefusedAnswer) => unknown,
    /** What the challenge was asked to require: another try asks for the same. */
    private readonly wanted: Wanted = {},
  ) {
    this.#webauthn = challenge.webauthn
  }

  /** Sends an answer such as `{ type: 'totp', code }`. */
  answer = (answer: object, options: AnswerOptions = {}): Promise<Settled> => settled(() => this.#answer(answer, options))

  /** Has a security key or passkey sign the challenge, and sends that. */
  useKey = (options: AnswerOptions = {}): Promise<Settled> =>
    settled(async () => {
      if (!this.#webauthn) return failed()
      const response = await authenticate(this.#webauthn, { signal: this.signal() })
      const answered = await this.#answer({ type: 'webauthn', response }, options)
      // A challenge is good for one try.
      if (!answered.ok && answered.reason !== 'locked') {
        this.#webauthn = (await this.api.challenge(this.wanted)).challenge?.webauthn ?? this.#webauthn
      }
      return answered
    })

  async #answer(answer: object, options: AnswerOptions): Promise<Settled> {
    const outcome = await this.api.verify(answer, options)
    if (outcome.ok || outcome.reason === 'locked') await this.done(outcome)
    return outcome.ok ? { ok: true } : { ok: false, reason: outcome.reason }
  }
}
