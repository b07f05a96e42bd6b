import type { Challenge } from '../../facade/service/challenge.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import type { AuthenticationResponseJSON } from '../../facade/stateless/webauthn-json.js'
import type { Client, Reply } from '../browser/client.js'
import { wrongCode } from '../helpers/service.js'

export type Kind = 'totp' | 'webauthn' | 'recovery'

/** What a browser sends for the second factor, and what of the person's it uses up. */
export interface Answer {
  kind: Kind
  /** A step, a counter or a place in the list of codes. */
  uses: number
  body: { type: Kind; code?: string; response?: object }
}

const password = 'correct horse battery'
const step = 30_000
const stepOf = (time: number) => Math.floor(time / step)

/** Someone with an account in the demo, an authenticator of each kind that they have, and their own books of both. */
export class Person {
  /** The one that is signed in. */
  browser: Client
  /** Every answer that was accepted, the codes of the enrolments left out. */
  readonly accepted: Answer[] = []
  /** The step of the last code that was accepted, at the enrolment too. */
  lastStep = -1
  /** The signature counter of the last response that was accepted. */
  counter = 0
  usedCodes = 0
  failures = 0
  totpFailures = 0
  #uri = ''
  #codes: string[] = []
  readonly #key = new TestAuthenticator({ algorithm: 'ES256' })

  constructor(
    readonly name: string,
    readonly kinds: readonly Kind[],
    private readonly origin: string,
    readonly open: () => Client,
  ) {
    this.browser = open()
  }

  async register(): Promise<void> {
    await demand(this.browser.post('accounts', { name: this.name, password }))
    // Nobody has a second factor yet: this ends the sign-in.
    await demand(this.browser.second('challenge'))
    if (this.kinds.includes('totp')) await this.#enrolTotp()
    if (this.kinds.includes('webauthn')) await this.#enrolKey()
    if (!this.kinds.includes('recovery')) return
    this.#codes = ((await demand(this.browser.second('recovery-codes'))) as { codes: string[] }).codes
  }

  async typePassword(browser: Client): Promise<void> {
    await demand(browser.post('sign-in', { name: this.name, password }))
  }

  async challenge(): Promise<Challenge> {
    const { challenge } = (await demand(this.browser.second('challenge'))) as { challenge: Challenge | null }
    if (!challenge) throw new Error(`${this.name} is asked for nothing`)
    return challenge
  }

  /** Waits for the phone to show a code that is not used yet, and would be accepted. */
  async untilReady(kind: Kind): Promise<void> {
    const wait = kind === 'totp' ? this.lastStep * step - Date.now() : 0
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  }

  answer(kind: Kind, challenge: Challenge): Answer {
    if (kind === 'recovery') {
      return { kind, uses: this.usedCodes, body: { type: kind, code: this.#codes[this.usedCodes] as string } }
    }
    if (kind === 'totp') {
      // The next one is early, but within the window.
      const uses = Math.max(this.lastStep + 1, stepOf(Date.now()))
      return { kind, uses, body: { type: kind, code: totpAt(this.#uri, uses * step) } }
    }
    const response = this.#sign(challenge)
    return { kind, uses: this.#key.credentials[0]?.signCount as number, body: { type: kind, response } }
  }

  /** One that must be refused. */
  wrongAnswer(kind: Kind, challenge: Challenge): Answer['body'] {
    if (kind === 'totp') return { type: kind, code: wrongCode(this.#uri, Date.now()) }
    if (kind === 'recovery') return { type: kind, code: '0000-0000-0000-0000' }
    // The right key's signature, over something else.
    const [signed, other] = [this.#sign(challenge), this.#sign(challenge, 'A'.repeat(43))]
    const { signature } = other.response
    return { type: kind, response: { ...signed, response: { ...signed.response, signature } } }
  }

  /** Into the person's books. */
  noteAccepted(answer: Answer): void {
    this.accepted.push(answer)
    this.failures = 0
    this.totpFailures = 0
    if (answer.kind === 'totp') this.lastStep = answer.uses
    else if (answer.kind === 'webauthn') this.counter = answer.uses
    else this.usedCodes += 1
  }

  /** A wrong code; a used recovery code is one too, but a TOTP code once more is not. */
  noteWrong(kind: Kind): void {
    if (kind === 'webauthn') return
    this.failures += 1
    if (kind === 'totp') this.totpFailures += 1
  }

  #sign({ webauthn }: Challenge, challenge = webauthn?.challenge): AuthenticationResponseJSON {
    if (!webauthn || challenge === undefined) throw new Error(`${this.name} has nothing to sign`)
    return this.#key.get({ ...webauthn, challenge }, { origin: this.origin })
  }

  async #enrolTotp(): Promise<void> {
    const begun = await demand(this.browser.second('factors/totp'))
    const { enrolment, uri } = begun as { enrolment: string; uri: string }
    const now = Date.now()
    const code = totpAt(uri, now)
    await demand(this.browser.second('factors/totp/finish', { enrolment, code, description: 'phone' }))
    this.#uri = uri
    this.lastStep = stepOf(now)
  }

  async #enrolKey(): Promise<void> {
    const options = await demand(this.browser.second('factors/webauthn', {}))
    const response = this.#key.create(options as never, { origin: this.origin })
    await demand(this.browser.second('factors/webauthn/finish', { response, description: 'key' }))
  }
}

/** What has to go well before there is anything to look at. */
async function demand(reply: Promise<Reply>): Promise<unknown> {
  const { status, body } = await reply
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
}
