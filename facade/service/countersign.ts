import type { AuditLog } from './audit.js'
import { auditKeys } from './audit-keys.js'
import { standingOf } from './audit-standing.js'
import { AuditWriter } from './audit-writer.js'
import * as browsers from './browsers.js'
import { traced, tracedEach } from './calls.js'
import type { CallMethod } from './calls.js'
import type { Challenge, PasskeyChallenge, PasskeySignals, TotpEnrolment } from './challenge.js'
import { asDescription, invalid, isWellFormed, object, own } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { Context } from './context.js'
import { clearDeadlines, enforcement, report } from './enforcement.js'
import * as enrolment from './enrolment.js'
import { CountersignError } from '../shared/errors.js'
import type { Enforcement, Reported } from './duty.js'
import { CallEvents } from './events.js'
import type { Teller } from './events.js'
import type { Factor } from '../shared/factor.js'
import { importFactors } from './import.js'
import { importRecord } from './import-record.js'
import * as management from './management.js'
import { withModels } from './models.js'
import { Ongoing } from './ongoing.js'
import type { Imported, Migration } from '../migration/types.js'
import type {
  BeginTotpOptions,
  BeginWebauthnOptions,
  BrowserOption,
  ByOption,
  ChallengeOptions,
  EnforcementOptions,
  EnrolYubicoOptions,
  FinishTotpOptions,
  FinishWebauthnOptions,
  FirstFactorOption,
  FromOption,
  ImportRecordOptions,
  OpenOptions,
  PasskeyOptions,
  RecoverOptions,
  ResealOptions,
  ResetOptions,
  RpOption,
  UpdateFactorOptions,
  UsersPageOptions,
  VerifyOptions,
  VerifyPasskeyOptions,
} from './options.js'
import type {
  AuditedKeys, Enrolled, ImportedRecord, IndexedPasskeys, Outcome, PasskeyOutcome, RecognisedBrowser, RememberedBrowser, Removed, Resealed,
  Reset, SealReport, Status, Updated, UsersPage,
} from './outcome.js'
import * as passkey from './passkey.js'
import { auditHint } from './hints.js'
import { indexPasskeys } from './passkey-index.js'
import { checkSealing, reseal } from './reseal.js'
import { Sealing } from './sealing.js'
import { checkSettings } from './settings.js'
import type { Settings } from './settings.js'
import * as signIn from './sign-in.js'
import { each, usersPage } from './users-page.js'
import type { PublicKeyCredentialCreationOptionsJSON } from '../stateless/webauthn-json.js'

/** What a service was opened with; `undefined` for what is none. @internal */
export let settingsOf: (countersign: unknown) => Settings | undefined

/** A user's record as the core reads it, whether or not the store has it sealed. @internal */
export let recordOf: (countersign: Countersign, user: string) => Promise<string | null>

/** The service's audit log, if it has one. @internal */
export let logOf: (countersign: Countersign) => AuditLog | undefined

/** How a handler on top of a service sends events and warnings. @internal */
export let eventsOf: (countersign: Countersign) => Teller

/**
 * Enrols, verifies and manages the second factors of a server's users. It holds no user data, so any number of
 * services, processes and machines may use one store.
 *
 * `user` is always the host's own id of a user: 1 to 256 bytes of well-formed Unicode. Times are epoch milliseconds.
 *
 * Every method rejects with a {@link CountersignError}: `invalid-argument` for an argument of the wrong type or range,
 * `record-corrupt` for a stored text that is no record, `record-sealed` for one that the keys of `seal` don't open,
 * `store-failed` when the store threw (its error is the `cause`),
 * `closed` after `close()`. Input from a client never makes a method reject: it is refused with a `reason`.
 *
 * @example
 * const countersign = await Countersign.open({
 *   rp: { id: 'example.com', name: 'Example', origins: ['https://example.com'] },
 *   store: directoryStore('var/countersign'),
 * })
 */
export class Countersign {
  readonly #context: Context
  readonly #audit: AuditWriter | undefined
  #closed = false
  readonly #running = new Ongoing()

  private constructor(context: Context) {
    // JavaScript knows no private constructors.
    const useOpen = 'use await Countersign.open(options), not new Countersign()'
    if (!(context instanceof Context)) throw new CountersignError('invalid-argument', { detail: useOpen })
    this.#context = context
    const { audit } = context.settings
    this.#audit = audit && new AuditWriter(audit, (user) => standingOf(context, user), () =>
      context.events.warn('audit-failed', auditHint, '', context.now()),
    )
  }

  static {
    settingsOf = (countersign) =>
      typeof countersign === 'object' && countersign !== null && #context in countersign
        ? (countersign as Countersign).#context.settings
        : undefined
    eventsOf = (countersign) => countersign.#context.events
    logOf = (countersign) => countersign.#context.settings.audit
    recordOf = (countersign, user) => countersign.#context.read(user)
  }

  /**
   * Opens the service. Checks the options, and reads nothing from the store yet. If `seal` is a function, it is called.
   *
   * @throws {CountersignError} `invalid-argument`: names the option (such as `webauthn.userVerification`), also an
   *   unknown one. `store-failed` if `seal` is a function that throws
   */
  static async open(options: OpenOptions): Promise<Countersign> {
    const settings = checkSettings(options)
    const context = new Context(settings, settings.seal && (await Sealing.open(settings.seal)))
    await context.warnOfSuffix(context.settings.rp)
    return new Countersign(context)
  }

  /**
   * Begins to enrol an authenticator app. Creates a new 160-bit secret, which stays open for `timeouts.totpEnrolment`.
   * It is not part of the user's record until `finishTotp` verifies a code. Existing factors don't change.
   *
   * @example
   * const { enrolment, qr, secret } = await countersign.beginTotp(user, { account: 'ann@example.com' })
   */
  beginTotp(user: string, options: BeginTotpOptions): Promise<TotpEnrolment> {
    return this.#run('beginTotp', (context) => enrolment.beginTotp(context, user, options))
  }

  /**
   * Verifies a code that the app shows, and enrols the app. There are five tries, and the code counts as used.
   *
   * @example
   * const enrolled = await countersign.finishTotp(user, { enrolment, code, description: 'phone' })
   * if (!enrolled.ok) return reply.status(400).send(enrolled)
   */
  finishTotp(user: string, options: FinishTotpOptions & FromOption): Promise<Enrolled> {
    return this.#runFrom('finishTotp', options, (context, options) => enrolment.finishTotp(context, user, options))
  }

  /**
   * Begins a registration ceremony (WebAuthn Level 3, 7.1), open for `timeouts.webauthnEnrolment`. Returns
   * the options for `navigator.credentials.create()`.
   *
   * @example
   * const creation = await countersign.beginWebauthn(user, { name: 'ann@example.com', displayName: 'Ann' })
   */
  beginWebauthn(user: string, options: BeginWebauthnOptions): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.#run('beginWebauthn', (context) => enrolment.beginWebauthn(context, user, options))
  }

  /**
   * Verifies the authenticator's response and enrols the credential. Each ceremony has one try.
   *
   * @example
   * const enrolled = await countersign.finishWebauthn(user, { response: body.response, description: 'YubiKey' })
   * if (!enrolled.ok) return reply.status(400).send(enrolled)
   */
  finishWebauthn(user: string, options: FinishWebauthnOptions & FromOption): Promise<Enrolled> {
    return this.#runFrom('finishWebauthn', options, (context, options) => named(context, enrolment.finishWebauthn(context, user, options)))
  }

  /**
   * Enrols a Yubico key by an OTP that it types. The key's secrets come from `yubico.secrets`; its private id is never
   * learned from an OTP. The OTP counts as used, for everybody who holds the key.
   *
   * @throws {CountersignError} `invalid-argument` where the service was opened without `yubico`
   *
   * @example
   * const enrolled = await countersign.enrolYubico(user, { code: body.code, description: 'YubiKey' })
   * if (!enrolled.ok) return reply.status(400).send(enrolled)
   */
  enrolYubico(user: string, options: EnrolYubicoOptions & FromOption): Promise<Enrolled> {
    return this.#runFrom('enrolYubico', options, (context, options) => enrolment.enrolYubico(context, user, options))
  }

  /**
   * Creates recovery codes (`xxxx-xxxx-xxxx-xxxx`, 64 random bits each). They replace an older set in one step. They
   * are stored as hashes, so this is the only time to show them.
   *
   * @throws {CountersignError} `factor-required` when the user has no factor. A set that is all that is left after a recovery
   *   can be replaced
   */
  createRecoveryCodes(user: string, options: FromOption = {}): Promise<string[]> {
    return this.#runFrom('createRecoveryCodes', options, (context, options) => {
      checkNothing(options, '')
      return enrolment.createRecoveryCodes(context, user)
    })
  }

  /**
   * Without a user: begins a sign-in without a user name, which any passkey can answer. User verification is required,
   * and `verifyPasskey` tells who the user is. Nothing is stored for such a challenge. Anyone can ask for one, so limit how
   * often an address does.
   *
   * @example
   * const { webauthn } = await countersign.challenge({ session: request.sessionID })
   * @throws {CountersignError} `invalid-argument` where `webauthn.passkeys` is off
   */
  challenge(options?: PasskeyOptions): Promise<PasskeyChallenge>
  /**
   * Begins a sign-in of this user in a browser that may be remembered: see `remember` of {@link VerifyOptions}. If
   * `browser` is a token of this user, it returns `{ remembered: true, token }` in place of a challenge, and the sign-in is
   * done. Put the new token in the cookie. With any other token, the answer is the same as without `browser`. So it is for a
   * step-up, and while codes are locked.
   *
   * A remembered browser is no second factor. It proves that the password was typed in a browser where this user signed
   * in before. Let nobody change factors, or do anything else that needs a fresh proof, because of it.
   *
   * @example
   * const challenge = await countersign.challenge(user, { browser: request.cookies[name] })
   * if (challenge?.remembered) return signIn(user, challenge.token)
   */
  challenge(
    user: string, options: ChallengeOptions & BrowserOption & FromOption,
  ): Promise<Challenge | RecognisedBrowser | null>
  /**
   * Begins a sign-in or step-up of this user. Returns the ways in which the user can answer, or `null` if the user has
   * no factor at all, not even a disabled one. A challenge that offers nothing is different from `null`: the user has
   * factors, but can't use any of them now.
   *
   * At most 8 challenges are open for a user and purpose. One more replaces the oldest.
   *
   * @throws {CountersignError} `record-missing` when `enrolled` is true and there is no factor
   *
   * @example
   * const challenge = await countersign.challenge(user, { enrolled: account.hasSecondFactor })
   * if (challenge === null) return signIn(user)
   */
  challenge(user: string, options?: ChallengeOptions & FromOption): Promise<Challenge | null>
  challenge(
    ...args: [first?: string | PasskeyOptions, options?: ChallengeOptions & FromOption]
  ): Promise<Challenge | PasskeyChallenge | RecognisedBrowser | null> {
    type Begun = Challenge | PasskeyChallenge | RecognisedBrowser | null
    return this.#runFrom('challenge', args[1] ?? {}, async (context, options): Promise<Begun> => {
      // A user who is missing by mistake is not a sign-in without one: that is said by no argument, or by options.
      if (args.length === 0) return passkey.passkeyChallenge(context, {})
      const [first] = args
      const userless = typeof first === 'object' && first !== null && args.length === 1
      // An account in place of its id: as options, it would get an error about their names.
      if (userless && own(first, 'id') !== undefined) throw invalid('user', 'text: pass the id, not the account')
      return userless ? passkey.passkeyChallenge(context, first) : signIn.challenge(context, first as string, options)
    })
  }

  /**
   * Verifies an answer. The answer may come straight from the client, as an object (`{ type: 'totp', code }`,
   * `{ type: 'recovery', code }`, `{ type: 'webauthn', response }`, `{ type: 'u2f', response }`,
   * `{ type: 'yubico', code }`) or as text (`totp:123456`, `webauthn:{...}`). Anything else is refused as `malformed`.
   * A code is accepted once, and a challenge can be answered once.
   *
   * @example
   * const outcome = await countersign.verify(user, body.answer)
   * if (!outcome.ok) return reply.status(401).send(outcome)
   * @example
   * const remember = body.remember === true ? { label: 'Firefox on Linux' } : undefined
   * const outcome = await countersign.verify(user, body.answer, { ...(remember && { remember }) })
   * if (outcome.ok && outcome.token) setCookie(name, outcome.token, outcome.expires)
   */
  verify(user: string, answer: unknown, options: VerifyOptions & FromOption = {}): Promise<Outcome> {
    return this.#runFrom('verify', options, (context, options) => signIn.verify(context, user, answer, options))
  }

  /**
   * Verifies the answer to a challenge that was created without a user. The passkey's user handle leads to the user
   * (`UserStore.owner`), and the credential must be one of that user's. If no user has this handle, the credential's id
   * leads to the user, but only to a credential that is stored without a handle. The handle of the answer is stored
   * with it then. A handle that differs from a stored one is refused.
   *
   * Credentials whose user verification isn't established can't sign in this way. It is established at the
   * registration, by an import that says so, or in a sign-in next to another factor.
   *
   * @example
   * const outcome = await countersign.verifyPasskey(body.answer, { session: request.sessionID })
   * if (outcome.ok) await signIn(outcome.user)
   */
  verifyPasskey(answer: unknown, options: VerifyPasskeyOptions & FromOption = {}): Promise<PasskeyOutcome> {
    return this.#runFrom('verifyPasskey', options, (context, options) => passkey.verifyPasskey(context, answer, options))
  }

  /**
   * Returns what the page passes to the browser's Signal API after a passkey was enrolled or removed. `null` if this
   * user has never begun to enrol one.
   */
  signals(user: string, options: RpOption = {}): Promise<PasskeySignals | null> {
    return this.#run('signals', (context) => passkey.signals(context, user, options))
  }

  /**
   * Verifies a TOTP code and a recovery code and removes the lost factors, all in one atomic change. Use it on a
   * terminal or at a help desk, where no key can answer. If one of the two is wrong, the refusal doesn't say which. It
   * counts as one wrong code, and a right TOTP code is used up all the same.
   *
   * @param about what the host itself says, apart from `options`, which may come from the client
   *
   * @example
   * const { totp, recovery } = body
   * const reset = await countersign.reset(user, { totp, recovery })
   * if (reset.ok) await mail(user, `removed: ${reset.removed.map((factor) => factor.description)}`)
   */
  reset(user: string, options: ResetOptions, about: FromOption & FirstFactorOption = {}): Promise<Reset> {
    return this.#runFrom('reset', about, (context, about) => named(context, signIn.reset(context, user, options, about)))
  }

  /**
   * Signs in with a recovery code and removes the lost factors, all in one atomic change. It is `verify` for a user who
   * wants to start again. Unused codes stay, so that the password alone is never enough in the meantime. Let the user
   * enrol a new factor right away.
   *
   * @param about what the host itself says, apart from `options`, which may come from the client
   *
   * @example
   * const recovered = await countersign.recover(user, { recovery: body.code })
   * if (recovered.ok) await signIn(user)
   */
  recover(user: string, options: RecoverOptions, about: FromOption & FirstFactorOption = {}): Promise<Reset> {
    return this.#runFrom('recover', about, (context, about) => named(context, signIn.recover(context, user, options, about)))
  }

  /** Returns the user's factors, without secrets or keys. The list is empty for an unknown user. */
  factors(user: string): Promise<Factor[]> {
    return this.#run('factors', (context) => named(context, management.factors(context, user)))
  }

  /**
   * Adds factors that another system enrolled and verified, as the functions of `countersign/migration` return them,
   * all in one atomic change. What can't be added is left, with the reason. What the user already has is left too, so
   * you can repeat an import. Other factors of the user stay.
   *
   * @example
   * const { taken, left } = await countersign.importFactors(user, fromSimpleWebAuthn(rows))
   */
  importFactors(user: string, migration: Migration, options: RpOption & FromOption = {}): Promise<Imported> {
    return this.#runFrom('importFactors', options, (context, options) => importFactors(context, user, migration, options))
  }

  /**
   * Stores everything that a `tfa.cfg` holds of a user, as `TfaConfig.userData()` gives it, held to the sizes that
   * enrolment has. Each factor notes the time of the import, from which freshness counts. Factors that can't be used come
   * along as they are; see `Factor.unusable`.
   *
   * @throws {CountersignError} `record-corrupt` or `record-too-large` for what is no record
   * @example
   * for (const user of config.users()) await countersign.importRecord(user, config.userData(user))
   */
  importRecord(user: string, data: string, options: ImportRecordOptions & FromOption = {}): Promise<ImportedRecord> {
    return this.#runFrom('importRecord', options, (context, options) => importRecord(context, user, data, options))
  }

  /**
   * Adds the credentials of all users to the index of credential ids (WebAuthn Level 3, 7.1). Enrolment and imports
   * keep the index, so this is for records that an older version stored, and for records that were copied into the
   * store without it. Credentials that no relying party is stored with are taken for ones of `rp`.
   *
   * Servers may go on working. If it breaks off, call it again: records that are in the index are only read. The command
   * `countersign index` does the same.
   *
   * @throws {CountersignError} `not-supported` when the store keeps no claims
   * @example
   * const { shared } = await countersign.indexPasskeys()
   */
  indexPasskeys(options: RpOption = {}): Promise<IndexedPasskeys> {
    return this.#run('indexPasskeys', (context) => indexPasskeys(context, options))
  }

  /**
   * Seals every record that is not under the first key of `seal` again, each in one atomic change. Call it after a new key
   * was put first, and with `plain: 'accept'` to seal an existing store. Challenges are not touched: they expire.
   *
   * Servers may go on working. If it breaks off, call it again: records under the first key are only read. The command
   * `countersign reseal` does the same. See docs/sealing.md for the order of steps.
   *
   * @throws {CountersignError} `invalid-argument` when the service was opened without `seal`
   * @example
   * const { failed } = await countersign.reseal()
   */
  reseal(options: ResealOptions = {}): Promise<Resealed> {
    return this.#run('reseal', (context) => reseal(context, options))
  }

  /**
   * Reads all records and counts them by the id of their key, and those that are not sealed. Drop a key only when no
   * record is under it. The command `countersign check` does the same.
   *
   * @example
   * const { keys } = await countersign.checkSealing()
   * const unused = (keys['2026-05'] ?? 0) === 0
   */
  checkSealing(): Promise<SealReport> {
    return this.#run('checkSealing', (context) => checkSealing(context))
  }

  /**
   * Reads all records, and lists the WebAuthn keys whose model `webauthn.metadata` forbids by now. Call it after each new
   * metadata, and let these users enrol other keys. `webauthn.authenticators.rejectRevoked` refuses them at sign-in. The
   * command `countersign audit-keys` does the same.
   *
   * @throws {CountersignError} `invalid-argument` when there is no metadata
   * @example
   * for (const { user, factor, status } of (await countersign.auditKeys()).revoked) await mail(user, factor, status)
   */
  auditKeys(): Promise<AuditedKeys> {
    return this.#run('auditKeys', (context) => auditKeys(context))
  }

  /** Renames, enables or disables a factor. The last enabled one can't be disabled, only removed. */
  updateFactor(user: string, id: string, options: UpdateFactorOptions & FromOption): Promise<Updated> {
    return this.#runFrom('updateFactor', options, (context, options) => named(context, management.updateFactor(context, user, id, options)))
  }

  /**
   * Removes a factor and returns those that are left. Removing the last real factor removes the recovery codes in the
   * same change, and leaves a mark with `by` and the time, until the user enrols again: see `removed` in {@link Status}.
   */
  removeFactor(user: string, id: string, options: ByOption & FromOption = {}): Promise<Removed> {
    return this.#runFrom('removeFactor', options, (context, options) => named(context, management.removeFactor(context, user, id, options)))
  }

  /**
   * For administrators: removes all factors and recovery codes in one atomic change, and ends everything that the user
   * has begun. It leaves the same mark as `removeFactor`, so the password alone signs in, also with `enrolled: true`.
   * Verify in another way who asks for this. End the sessions of the user yourself.
   *
   * @returns `no-such-factor` if the user has none. What was lost can't be removed: that stays `record-missing`
   * @example
   * await countersign.removeFactors(user, { by: 'help desk, ticket 4711' })
   */
  removeFactors(user: string, options: ByOption & FromOption = {}): Promise<Removed> {
    return this.#runFrom('removeFactors', options, (context, options) => management.removeFactors(context, user, options, false))
  }

  /**
   * Works like `removeFactors`, and demands that the user enrols at the next sign-in: `enrolmentRequired` in the
   * {@link Removal}. `countersign/http` does so by itself, with any value of its option `required`. Can be called later too, for a user
   * whose factors were removed before.
   *
   * Anyone who knows the password can enrol then. Let the user set a new one first, if it could be known to others.
   */
  requireEnrolment(user: string, options: ByOption & FromOption = {}): Promise<Removed> {
    return this.#runFrom('requireEnrolment', options, (context, options) => management.removeFactors(context, user, options, true))
  }

  /**
   * Returns the remembered browsers of a user, the one used last first.
   *
   * @param options with `browser`, the token of a browser: that one is marked as `current`
   */
  browsers(user: string, options: Partial<BrowserOption> & RpOption = {}): Promise<RememberedBrowser[]> {
    return this.#run('browsers', (context) => browsers.browsers(context, user, options))
  }

  /**
   * Forgets a browser: the next sign-in there needs a factor. End its session yourself. `id` is that of `browsers()`.
   *
   * @returns false if the user has no such browser
   */
  forgetBrowser(user: string, id: string, options: ByOption & FromOption = {}): Promise<boolean> {
    return this.#runFrom('forgetBrowser', options, (context, options) => browsers.forgetBrowser(context, user, id, options))
  }

  /**
   * Forgets all browsers of a user. Call it when the password changes. `reset`, `recover`, and removing or disabling a
   * factor do it by themselves.
   *
   * @returns how many there were
   */
  forgetBrowsers(user: string, options: ByOption & FromOption = {}): Promise<number> {
    return this.#runFrom('forgetBrowsers', options, (context, options) => browsers.forgetBrowsers(context, user, options))
  }

  /**
   * Says where a user stands against the `policy`: what is missing, and until when. The first time that something is required
   * of a user, it stores the deadline, whether or not the user has it already. Signing in, `reset`, `recover`, and removing
   * factors don't prolong it; `removeUser` deletes it. Expiry is judged by the later of now and the latest time in the record.
   *
   * @throws {CountersignError} `invalid-argument` when the service was opened without `policy`, or for what it answered
   * @example
   * const { state, by } = await countersign.enforcement(user)
   * if (state === 'required') return redirect('/security')
   */
  enforcement(user: string, options: EnforcementOptions & FromOption = {}): Promise<Enforcement> {
    return this.#runFrom('enforcement', options, (context, options) => enforcement(context, user, options))
  }

  /**
   * Says where many users stand, in their order, those without a record included. It stores nothing: the date of a user who
   * has none yet is what the `policy` says now. A user whose record can't be read has the state `failed`.
   *
   * @param users all ids, such as those of your accounts
   * @throws {CountersignError} as `enforcement`
   * @example
   * for await (const line of countersign.report(accounts())) if (line.state !== 'none') console.log(line)
   */
  report(users: Iterable<string> | AsyncIterable<string>): AsyncIterable<Reported> {
    return this.#each('report', (context) => report(context, users))
  }

  /**
   * For administrators: deletes the stored deadlines of a user. The next call of `enforcement`, such as at the next sign-in,
   * stores a new one.
   *
   * @returns how many there were
   */
  clearDeadlines(user: string, options: ByOption & FromOption = {}): Promise<number> {
    return this.#runFrom('clearDeadlines', options, (context, options) => clearDeadlines(context, user, options))
  }

  /** Returns the user's locks, counters and number of unused recovery codes. */
  status(user: string): Promise<Status> {
    return this.#run('status', (context) => management.status(context, user))
  }

  /** For administrators: removes all locks and resets the counters. `unlocked` is false if there was no lock. */
  unlock(user: string, options: ByOption & FromOption = {}): Promise<{ unlocked: boolean }> {
    return this.#runFrom('unlock', options, (context, options) => management.unlock(context, user, options))
  }

  /**
   * Removes everything stored about a user, including open challenges and a record that can't be read. It leaves no mark:
   * with `enrolled: true`, `challenge` rejects with `record-missing` then. For an account that is deleted. With
   * `tfaConfigStore`, it also removes what the file holds under a name that no user can have (empty, or too long).
   */
  removeUser(user: string, options: ByOption & FromOption = {}): Promise<boolean> {
    return this.#runFrom('removeUser', options, (context, options) => management.removeUser(context, user, options))
  }

  /**
   * Lists all users with a record, in the store's order: those with factors, those whose last factor was removed and
   * who have not enrolled since, and those who have a deadline to enrol by (see `enforcement`).
   */
  users(): AsyncIterable<string> {
    return this.#each('users', (context) => each(() => context.settings.users.users()))
  }

  /**
   * Returns one page of the users with a record. The order stays the same while users come and go, and the user in
   * `after` may have gone. `memoryStore`, `tfaConfigStore` and stores without `usersAfter` are read whole for each
   * page. The other stores of this package start right after `after`.
   *
   * @example
   * const { users, next } = await countersign.usersPage({ limit: 50 })
   * const second = next !== null && await countersign.usersPage({ after: next, limit: 50 })
   */
  usersPage(options: UsersPageOptions = {}): Promise<UsersPage> {
    return this.#run('usersPage', (context) => usersPage(context, options))
  }

  /**
   * Waits for running calls, and at most 10 seconds for entries of the audit log. Later calls reject with `closed`, and so does the next user of `users` and `report`. The store
   * stays open, because it belongs to the host.
   */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running.ended()
    await this.#context.drifts.settled()
    await this.#audit?.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Runs a call whose options say where it comes from. */
  #runFrom<T, O extends object>(
    method: CallMethod, options: O & FromOption, work: (context: Context, options: O) => Promise<T>,
  ): Promise<T> {
    // What is no object, the call itself refuses.
    const isSaid = typeof options === 'object' && options !== null && Object.hasOwn(options, 'from')
    return isSaid ? this.#runSaid(method, options, work) : this.#run(method, (context) => work(context, options))
  }

  async #runSaid<T, O extends object>(
    method: CallMethod, { from, ...rest }: O & FromOption, work: (context: Context, options: O) => Promise<T>,
  ): Promise<T> {
    return this.#run(method, (context) => work(context, rest as unknown as O), checkedFrom(from, 'from'))
  }

  async #run<T>(method: CallMethod, work: (context: Context) => Promise<T>, from?: string): Promise<T> {
    if (this.#closed) throw new CountersignError('closed')
    this.#running.begin()
    try {
      return await traced(method, () => this.#told(work, from))
    } finally {
      this.#running.end()
    }
  }

  #each<T>(method: CallMethod, list: (context: Context) => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    if (this.#closed) throw new CountersignError('closed')
    return tracedEach(method, this.#whileOpen(list(this.#context)))
  }

  /** `close` waits for the item that is being read. Whoever reads may never come for the next one. */
  async *#whileOpen<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = items[Symbol.asyncIterator]()
    try {
      for (;;) {
        if (this.#closed) throw new CountersignError('closed')
        const next = await this.#reading(iterator)
        if (next.done) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }

  async #reading<T>(iterator: AsyncIterator<T>): Promise<IteratorResult<T>> {
    this.#running.begin()
    try {
      return await iterator.next()
    } finally {
      this.#running.end()
    }
  }

  /** What happened is told with where it came from, and goes to the audit log whether or not the call fails. */
  async #told<T>(work: (context: Context) => Promise<T>, from: string | undefined): Promise<T> {
    const context = this.#context
    const audit = this.#audit
    if (!audit && from === undefined) return work(context)
    const events = new CallEvents(context.events, from)
    const [ended] = await Promise.allSettled([work(context.telling(events))])
    if (audit) await audit.write(events.happened)
    if (ended.status === 'rejected') throw ended.reason
    return ended.value
  }
}

/** The same with the models of the factors in it. */
async function named<T>(context: Context, work: Promise<T>): Promise<T> {
  return withModels(context.modelName, await work)
}

const checkedFrom: Check<string | undefined> = (value, name) => {
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalid(name, 'text')
  const from = isWellFormed(value) ? asDescription(value) : ''
  return from === '' ? undefined : from
}

/** What is left of options that say nothing but where a call comes from. */
const checkNothing = object<object>({})
