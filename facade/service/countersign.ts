import type { Challenge, PasskeyChallenge, PasskeySignals, TotpEnrolment } from './challenge.js'
import { Context } from './context.js'
import * as enrolment from './enrolment.js'
import { CountersignError } from '../shared/errors.js'
import type { Factor } from '../shared/factor.js'
import { importFactors } from './import.js'
import * as management from './management.js'
import type { Imported, Migration } from '../migration/types.js'
import type {
  BeginTotpOptions,
  BeginWebauthnOptions,
  ChallengeOptions,
  FinishTotpOptions,
  FinishWebauthnOptions,
  OpenOptions,
  PasskeyOptions,
  RecoverOptions,
  ResetOptions,
  RpOption,
  UpdateFactorOptions,
  UsersPageOptions,
  VerifyOptions,
} from './options.js'
import type { Enrolled, Outcome, PasskeyOutcome, Removed, Reset, Status, Updated, UsersPage } from './outcome.js'
import * as passkey from './passkey.js'
import { checkSettings } from './settings.js'
import type { Settings } from './settings.js'
import * as signIn from './sign-in.js'
import { each, usersPage } from './users-page.js'
import type { PublicKeyCredentialCreationOptionsJSON } from '../stateless/webauthn-json.js'

/** What a service was opened with; `undefined` for what is none. @internal */
export let settingsOf: (countersign: unknown) => Settings | undefined

/**
 * The service that a server uses: second factors of its users, enrolled, verified and managed. It holds no user data;
 * any number of services, processes and machines may work on one store.
 *
 * `user` is the host's own id of a user throughout: 1 to 256 bytes of well-formed Unicode. Times are epoch
 * milliseconds.
 *
 * Every method rejects with a {@link CountersignError}: `invalid-argument` for an argument of the wrong type or range,
 * `record-corrupt` for a record that can't be read, `store-failed` when the store threw (its error is the `cause`),
 * `closed` after `close()`. What a client sent never makes a method reject: it is refused with a `reason`.
 *
 * @example
 * const countersign = await Countersign.open({
 *   rp: { id: 'example.com', name: 'Example', origins: ['https://example.com'] },
 *   store: directoryStore('var/countersign'),
 * })
 */
export class Countersign {
  readonly #context: Context
  #closed = false
  readonly #running = new Set<Promise<unknown>>()

  private constructor(context: Context) {
    // JavaScript knows no private constructors.
    const useOpen = 'use await Countersign.open(options), not new Countersign()'
    if (!(context instanceof Context)) throw new CountersignError('invalid-argument', { detail: useOpen })
    this.#context = context
  }

  static {
    settingsOf = (countersign) =>
      typeof countersign === 'object' && countersign !== null && #context in countersign
        ? (countersign as Countersign).#context.settings
        : undefined
  }

  /**
   * Opens the service: checks the options, and reads nothing yet.
   *
   * @throws {CountersignError} `invalid-argument`, naming the option (`webauthn.userVerification`), unknown ones too
   */
  static async open(options: OpenOptions): Promise<Countersign> {
    return new Countersign(new Context(checkSettings(options)))
  }

  /**
   * Begins to enrol a phone app: a fresh 160-bit secret, open for `timeouts.totpEnrolment`. It is not part of the
   * user's record before `finishTotp` proves it; factors that are enrolled stay as they are.
   *
   * @example
   * const { enrolment, qr, secret } = await countersign.beginTotp(user, { account: 'ann@example.com' })
   */
  beginTotp(user: string, options: BeginTotpOptions): Promise<TotpEnrolment> {
    return this.#run((context) => enrolment.beginTotp(context, user, options))
  }

  /**
   * Enrols the phone app, proved by a code that it shows. Five tries; the code counts as used.
   *
   * @example
   * const enrolled = await countersign.finishTotp(user, { enrolment, code, description: 'phone' })
   * if (!enrolled.ok) return reply.status(400).send(enrolled)
   */
  finishTotp(user: string, options: FinishTotpOptions): Promise<Enrolled> {
    return this.#run((context) => enrolment.finishTotp(context, user, options))
  }

  /**
   * Begins a registration ceremony (WebAuthn Level 3, 7.1), open for `timeouts.webauthnEnrolment`. The answer is for
   * `navigator.credentials.create()`.
   *
   * @example
   * const creation = await countersign.beginWebauthn(user, { name: 'ann@example.com', displayName: 'Ann' })
   */
  beginWebauthn(user: string, options: BeginWebauthnOptions): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.#run((context) => enrolment.beginWebauthn(context, user, options))
  }

  /**
   * Verifies what the authenticator made and enrols it. One try a ceremony.
   *
   * @example
   * const enrolled = await countersign.finishWebauthn(user, { response: body.response, description: 'YubiKey' })
   * if (!enrolled.ok) return reply.status(400).send(enrolled)
   */
  finishWebauthn(user: string, options: FinishWebauthnOptions): Promise<Enrolled> {
    return this.#run((context) => enrolment.finishWebauthn(context, user, options))
  }

  /**
   * Makes recovery codes (`xxxx-xxxx-xxxx-xxxx`, 64 random bits each), in place of an older set, in one step. They are
   * stored hashed: show them now or never.
   *
   * @throws {CountersignError} `factor-required` when the user has no other factor
   */
  createRecoveryCodes(user: string): Promise<string[]> {
    return this.#run((context) => enrolment.createRecoveryCodes(context, user))
  }

  /**
   * Without a user: what any passkey may answer, for a sign-in without a user name. User verification is required, and
   * `verifyPasskey` says who it is. Anyone may ask for one: limit how often an address does.
   *
   * @example
   * const { webauthn } = await countersign.challenge({ session: request.sessionID })
   */
  challenge(options?: PasskeyOptions): Promise<PasskeyChallenge>
  /**
   * What this user may answer with. `null`: this user has no factor at all, disabled ones included. A challenge that
   * offers nothing is not that: it is a user with factors who can't use any of them now.
   *
   * At most 8 are open for a user and purpose; the oldest goes.
   *
   * @throws {CountersignError} `record-missing` when `enrolled` is true and there is no factor
   *
   * @example
   * const challenge = await countersign.challenge(user, { enrolled: account.hasSecondFactor })
   * if (challenge === null) return signIn(user)
   */
  challenge(user: string, options?: ChallengeOptions): Promise<Challenge | null>
  challenge(
    ...args: [first?: string | PasskeyOptions, options?: ChallengeOptions]
  ): Promise<Challenge | PasskeyChallenge | null> {
    return this.#run(async (context): Promise<Challenge | PasskeyChallenge | null> => {
      // A user who is missing by mistake is not a sign-in without one: that is said by no argument, or by options.
      if (args.length === 0) return passkey.passkeyChallenge(context, {})
      const [first, options = {}] = args
      const userless = typeof first === 'object' && first !== null && args.length === 1
      return userless ? passkey.passkeyChallenge(context, first) : signIn.challenge(context, first as string, options)
    })
  }

  /**
   * Verifies an answer. It comes from outside, as an object (`{ type: 'totp', code }`, `{ type: 'recovery', code }`,
   * `{ type: 'webauthn', response }`, `{ type: 'u2f', response }`, `{ type: 'yubico', code }`) or as text
   * (`totp:123456`, `webauthn:{...}`); anything else is refused as `malformed`. A code is accepted once, a challenge
   * is answered once.
   *
   * @example
   * const outcome = await countersign.verify(user, request.body)
   * if (!outcome.ok) return reply.status(401).send(outcome)
   */
  verify(user: string, answer: unknown, options: VerifyOptions = {}): Promise<Outcome> {
    return this.#run((context) => signIn.verify(context, user, answer, options))
  }

  /**
   * Verifies the answer to a challenge that was made without a user: the passkey's user handle leads to the user
   * (`UserStore.owner`), whose credential it has to be. Credentials with which no handle is stored can't sign in so.
   *
   * @example
   * const outcome = await countersign.verifyPasskey(request.body, { session: request.sessionID })
   * if (outcome.ok) await signIn(outcome.user)
   */
  verifyPasskey(answer: unknown, options: PasskeyOptions = {}): Promise<PasskeyOutcome> {
    return this.#run((context) => passkey.verifyPasskey(context, answer, options))
  }

  /** For the page, after a passkey was enrolled or removed. `null`: this user has never begun to have one. */
  signals(user: string, options: RpOption = {}): Promise<PasskeySignals | null> {
    return this.#run((context) => passkey.signals(context, user, options))
  }

  /**
   * Proves a TOTP code and a recovery code and removes the factors that were lost, all in one atomic change: for a
   * terminal or a help desk, where no key can answer. A wrong one of the two is refused without a word on which; it
   * counts as one wrong code. A right TOTP code is used up even then.
   *
   * @example
   * const reset = await countersign.reset(user, request.body)
   * if (reset.ok) await mail(user, `removed: ${reset.removed.map((factor) => factor.description)}`)
   */
  reset(user: string, options: ResetOptions): Promise<Reset> {
    return this.#run((context) => signIn.reset(context, user, options))
  }

  /**
   * Signs in with a recovery code and removes the factors that were lost, all in one atomic change: `verify` for a user
   * who wants to begin anew. The codes that are left stay, so that the password alone is never enough meanwhile; let the
   * user enrol a new factor right away.
   *
   * @example
   * const recovered = await countersign.recover(user, { recovery: request.body.code })
   * if (recovered.ok) await signIn(user)
   */
  recover(user: string, options: RecoverOptions): Promise<Reset> {
    return this.#run((context) => signIn.recover(context, user, options))
  }

  /** The user's factors, without secrets or keys; none for a user that nobody knows. */
  factors(user: string): Promise<Factor[]> {
    return this.#run((context) => management.factors(context, user))
  }

  /**
   * Adds factors that another system enrolled and proved, as the functions of `countersign/migration` found them, all
   * in one atomic change. What can't be added is left, with the reason; what the user has already is left too, so that an
   * import may be repeated. The record of a user who holds other factors is added to.
   *
   * @example
   * const { taken, left } = await countersign.importFactors(user, fromSimpleWebAuthn(rows))
   */
  importFactors(user: string, migration: Migration): Promise<Imported> {
    return this.#run((context) => importFactors(context, user, migration))
  }

  /** Renames, enables or disables a factor. The last enabled one can't be disabled, only removed. */
  updateFactor(user: string, id: string, options: UpdateFactorOptions): Promise<Updated> {
    return this.#run((context) => management.updateFactor(context, user, id, options))
  }

  /** Removes a factor and says which are left. With the last real factor, the recovery codes go in the same change. */
  removeFactor(user: string, id: string): Promise<Removed> {
    return this.#run((context) => management.removeFactor(context, user, id))
  }

  /** Locks, counters and codes left. */
  status(user: string): Promise<Status> {
    return this.#run((context) => management.status(context, user))
  }

  /** An administrator's unlock: lifts every lock and resets the counters. `unlocked` is false if there was none. */
  unlock(user: string): Promise<{ unlocked: boolean }> {
    return this.#run((context) => management.unlock(context, user))
  }

  /** Removes everything that is stored of a user, open challenges and a record that can't be read included. */
  removeUser(user: string): Promise<boolean> {
    return this.#run((context) => management.removeUser(context, user))
  }

  /** Every user with a record, in the store's order. */
  users(): AsyncIterable<string> {
    if (this.#closed) throw new CountersignError('closed')
    return each(() => this.#context.settings.users.users())
  }

  /**
   * A page of the users with a record, in an order that stays while users come and go: the one named by `after` need not
   * be there any more. The stores of this package but `memoryStore` and `tfaConfigStore` begin right behind it; these
   * and stores without `usersAfter` are read whole for each page.
   *
   * @example
   * const { users, next } = await countersign.usersPage({ after: request.query.after, limit: 50 })
   */
  usersPage(options: UsersPageOptions = {}): Promise<UsersPage> {
    return this.#run((context) => usersPage(context, options))
  }

  /** Waits for what is running; every later call rejects with `closed`. The store stays open: it is the host's. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#running)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run<T>(work: (context: Context) => Promise<T>): Promise<T> {
    if (this.#closed) throw new CountersignError('closed')
    const running = work(this.#context)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }
}
