import { BindingTfaConfig, examineTfaConfig, parseTfaConfig } from '#binding'

import { answerJson, parseAnswer } from '../shared/answer.js'
import { checkUser, epochMilliseconds, invalid, optional } from '../shared/check.js'
import { fromStore } from '../service/context.js'
import { randomBytes } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'
import { internalFailure, openEnvelope } from '../shared/envelope.js'
import { openAnswer } from '../service/answered.js'
import type { Answered } from '../service/answered.js'
import { jsonText } from '../shared/json.js'
import type { YubicoOptions } from '../service/options.js'
import { Challenges } from './challenges.js'
import {
  checkEntryId,
  checkExamineOptions,
  checkHeldUser,
  checkList,
  checkOptions,
  checkParseOptions,
  checkU2f,
  checkWebauthn,
  checkWriteOptions,
  configBytes,
} from './check.js'
import { checkAdd, checkAddTotp, checkOrigin, checkUpdate, isFlag, isType, unusable } from './form.js'
import type {
  TfaAddParameters,
  TfaAdded,
  TfaChallenge,
  TfaConfigOptions,
  TfaDeleted,
  TfaEntry,
  TfaExamination,
  TfaExamineOptions,
  TfaLegacyUser,
  TfaLockStatus,
  TfaOriginOption,
  TfaParseOptions,
  TfaRefused,
  TfaRejected,
  TfaResult,
  TfaU2fConfig,
  TfaUser,
  TfaWebauthnConfig,
  TfaWriteOptions,
} from './types.js'
import { checkYubicoSecrets } from '../stateless/yubico-secrets.js'

/**
 * A whole `tfa.cfg` or `tfa.json` of the Proxmox systems as one native object: parse, query, change, verify, write.
 *
 * One object accepts a code, a recovery code and a challenge once. Nothing here locks the file. The caller must hold
 * its lock from `parse` to `write`, and write whenever a call reports a change.
 *
 * Proxmox's format has no place for failure counters, or for the counters of Yubico and U2F keys. If you read the file
 * for each sign-in, as in the example, keep them with the option `additions`. Without it, someone who guesses is never
 * locked out, and a cloned U2F key is not noticed. Proxmox refuses a file with additions. For a file that Proxmox reads
 * too, use a `Countersign` with `tfaConfigStore`, which keeps them beside the file.
 *
 * To pass it to another thread, pass its bytes: `TfaConfig.parse(config.write({ additions: true, sections: true }))`.
 * `structuredClone` and `postMessage` can't transfer a native object.
 *
 * Methods throw a {@link CountersignError}: `invalid-argument` for an argument of the wrong type or range,
 * `record-corrupt` and `record-too-large` for invalid data of a user, `store-refused` for data that Proxmox's format has
 * no place for, `factor-limit` for more than 256 entries of a user, `store-failed` when the challenge store threw. Input
 * from a client or a form never throws: it is refused with a value.
 *
 * @example
 * const config = TfaConfig.parse(await readFile('var/tfa.json'), { challenges, additions: true })
 * const outcome = await config.verify('ann@pve', request.body.password, { origin })
 * if (outcome.needsSaving) await replaceFile('var/tfa.json', config.write({ sections: true }))
 * if (!outcome.result) return reply.status(401).send({ reason: outcome.reason })
 */
export class TfaConfig {
  readonly #native: BindingTfaConfig
  readonly #host: Host

  private constructor(native: BindingTfaConfig, host: Host) {
    // JavaScript knows no private constructors.
    const useParse = 'use TfaConfig.parse(bytes) or TfaConfig.create(), not new TfaConfig()'
    if (!(native instanceof BindingTfaConfig)) throw new CountersignError('invalid-argument', { detail: useParse })
    this.#native = native
    this.#host = host
  }

  /** Creates an empty configuration. */
  static create(options: TfaConfigOptions = {}): TfaConfig {
    const host = hostOf(checkOptions(options, ''))
    return new TfaConfig(new BindingTfaConfig(host.additions), host)
  }

  /**
   * Reads a file: JSON of either generation, or the old lines.
   *
   * A user, an entry, a line or a section that can't be used is kept unchanged. Such an entry counts as a factor, is
   * listed with `unusable: true`, is never offered, and can only be deleted. All others work. Such a line becomes a JSON
   * string of the user before its first colon. An empty file has no users, and neither has a byte order mark
   * alone. With `json`, it is an error.
   *
   * Proxmox gives several entries of an old line the same id. Here they get unique ids (`v1-entry`, `v1-entry-2`, ...),
   * which are the same each time. Half-finished U2F registrations of old lines are left out. Unknown top-level members
   * of JSON are kept.
   *
   * @throws {CountersignError} `config-corrupt`, saying why neither format fits; `config-too-large`
   */
  static parse(bytes: Uint8Array, options: TfaParseOptions = {}): TfaConfig {
    const file = configBytes(bytes)
    const { maxBytes = 64 * 1024 * 1024, json = false, ...rest } = checkParseOptions(options, '')
    const host = hostOf(rest)
    const parsed = guarded(() => parseTfaConfig(file, maxBytes, host.additions, json))
    const native = typeof parsed === 'string' ? openEnvelope<never>(parsed).value : parsed
    return new TfaConfig(native, host)
  }

  /**
   * Reads as much of a file as can be read, and says what is in it and what is wrong, user by user.
   *
   * @throws {CountersignError} `config-too-large`; never for what the file holds
   */
  static examine(bytes: Uint8Array, options: TfaExamineOptions = {}): TfaExamination {
    const file = configBytes(bytes)
    const { maxBytes = 64 * 1024 * 1024, json = false, now = Date.now } = checkExamineOptions(options, '')
    const seconds = Math.floor(epochMilliseconds(now(), 'now') / 1000)
    return openEnvelope<TfaExamination>(guarded(() => examineTfaConfig(file, maxBytes, json, seconds))).value
  }

  /**
   * Returns the file in the current form: compact JSON, with users sorted. Equal configurations give equal bytes.
   *
   * Without `additions`, Proxmox can read the result. Values that are only spelled differently are written in Proxmox's
   * form. If the file came with something that Proxmox refuses, nothing is written: delete what `examine` names, or pass
   * `refused: 'keep'`, and it stays unchanged.
   *
   * @throws {CountersignError} `store-refused` without additions, for a key that Proxmox's format has no place for, and
   *   for what Proxmox refuses
   */
  write(options: TfaWriteOptions = {}): Uint8Array {
    const { additions = this.#host.additions, sections, refused } = checkWriteOptions(options, '')
    const written = guarded(() => this.#native.write(additions, sections, refused === 'keep'))
    return typeof written === 'string' ? openEnvelope<never>(written).value : written
  }

  /** A copy in O(1): it shares all memory until one of the two changes. The challenge store stays common to both. */
  clone(): TfaConfig {
    return new TfaConfig(this.#native.clone(), this.#host)
  }

  /** The `webauthn` section; `undefined` removes it. An object that is read is a copy. */
  get webauthn(): TfaWebauthnConfig | undefined {
    const section = this.#ask<WebauthnSection | null>((native) => native.webauthn())
    if (section === null) return undefined
    const { 'allow-subdomains': allowSubdomains, ...rest } = section
    return allowSubdomains === undefined ? rest : { ...rest, allowSubdomains }
  }

  set webauthn(section: TfaWebauthnConfig | undefined) {
    const checked = section === undefined ? null : checkWebauthn(section, 'webauthn')
    const { allowSubdomains, ...rest } = checked ?? {}
    const request = checked === null ? 'null' : jsonText({ ...rest, 'allow-subdomains': allowSubdomains })
    this.#ask((native) => native.setWebauthn(request))
  }

  /** The fingerprint of the `webauthn` section as Proxmox computes it: SHA-256 in hex, or `undefined` without one. */
  get webauthnDigest(): string | undefined {
    return this.#ask<string | null>((native) => native.webauthnDigest()) ?? undefined
  }

  /** The `u2f` section; `undefined` removes it. An object that is read is a copy. */
  get u2f(): TfaU2fConfig | undefined {
    const section = this.#ask<TfaU2fConfig | null>((native) => native.u2f())
    if (section === null) return undefined
    const { appid, origin } = section
    return origin === undefined ? { appid } : { appid, origin }
  }

  set u2f(section: TfaU2fConfig | undefined) {
    const request = section === undefined ? 'null' : jsonText(checkU2f(section, 'u2f'))
    this.#ask((native) => native.setU2f(request))
  }

  /**
   * Returns all users, sorted by the bytes of their names. A file may hold users whose names are empty or longer than
   * 256 bytes. They can only be listed and removed.
   */
  users(): string[] {
    return this.#ask((native) => native.users())
  }

  /**
   * Removes a user with all entries. Returns whether there was one. Open challenges stay in their store: see `clear`.
   */
  removeUser(user: string): boolean {
    checkHeldUser(user)
    return this.#ask((native) => native.removeUser(user))
  }

  /** Returns everything stored about a user, as JSON text with our additions. It contains secrets. */
  userData(user: string): string | undefined {
    checkHeldUser(user)
    return this.#ask<string | null>((native) => native.userData(user), user) ?? undefined
  }

  /**
   * Replaces everything stored about a user with such text; `undefined` removes the user. Returns whether it changed.
   */
  setUserData(user: string, data: string | undefined): boolean {
    checkUser(user)
    if (data !== undefined && typeof data !== 'string') throw invalid('data', 'JSON text')
    return this.#ask((native) => native.setUserData(user, data ?? null), user)
  }

  /**
   * Returns whether the user has an entry of this type, also a disabled or unusable one. False for recovery codes that
   * are all used up: the set is still there, and the user still counts as enrolled.
   *
   * @param type `totp` or its old name `oath`, `u2f`, `webauthn`, `yubico`, `recovery`; any other is an error
   */
  hasType(user: string, type: string): boolean {
    checkHeldUser(user)
    if (typeof type !== 'string') throw invalid('type', 'the type of a factor')
    return this.#ask((native) => native.hasType(user, type), user)
  }

  /** Returns the public ids of the user's enabled Yubico keys, separated by spaces. */
  yubicoKeys(user: string): string {
    checkHeldUser(user)
    return this.#ask((native) => native.yubicoKeys(user), user)
  }

  /** Returns the places of the user's unused recovery codes, from 0; `undefined` if there is no set. */
  recoveryState(user: string): number[] | undefined {
    checkHeldUser(user)
    return this.#ask<number[] | null>((native) => native.recoveryState(user), user) ?? undefined
  }

  /** Returns the locks of a user. */
  lockStatus(user: string): TfaLockStatus {
    checkHeldUser(user)
    const now = this.#at()
    return this.#ask((native) => native.lockStatus(user, now), user)
  }

  /** Returns the locks of every user who has any. */
  lockedUsers(): Map<string, TfaLockStatus> {
    const now = this.#at()
    return new Map(Object.entries(this.#ask<Record<string, TfaLockStatus>>((native) => native.lockedUsers(now))))
  }

  /** Removes the locks of a user and resets the counters. `unlocked` is false if there was no lock. */
  unlock(user: string): { ok: true; unlocked: boolean } | TfaRefused {
    checkHeldUser(user)
    const now = this.#at()
    return this.#ask((native) => native.unlock(user, now), user)
  }

  /** Returns the user's entries: recovery codes, TOTP, WebAuthn, U2F, Yubico. Empty for an unknown user. */
  listEntries(user: string): TfaEntry[] {
    checkHeldUser(user)
    return this.#ask((native) => native.listEntries(user), user)
  }

  getEntry(user: string, id: string): TfaEntry | undefined {
    checkHeldUser(user)
    const checked = checkEntryId(id)
    if (checked === undefined) return undefined
    return this.#ask<TfaEntry | null>((native) => native.getEntry(user, checked), user) ?? undefined
  }

  /** Returns the entries and locks of `user`. With `all` (for administrators), those of every user. */
  list(user: string, options: { all?: boolean } = {}): TfaUser[] {
    checkHeldUser(user)
    const { all = false } = checkList(options, '')
    const now = this.#at()
    return this.#ask((native) => native.list(all ? null : user, now))
  }

  /** Deletes an entry. Recovery codes may be left as the only one; with the last entry the user goes. */
  deleteEntry(user: string, id: string): TfaDeleted {
    checkHeldUser(user)
    const checked = checkEntryId(id)
    if (checked === undefined) return noSuchEntry()
    return this.#ask((native) => native.deleteEntry(user, checked), user)
  }

  /**
   * Renames, enables or disables an entry. Recovery codes and unusable entries can't be changed, the last enabled one
   * can't be disabled.
   */
  updateEntry(
    user: string,
    id: string,
    change: { description?: string; enable?: boolean },
  ): { ok: true } | TfaRefused {
    checkUser(user)
    const [checkedId, checked] = [checkEntryId(id), checkUpdate(change, '')]
    if (checkedId === undefined) return noSuchEntry()
    if (!isFlag(checked.enable)) return unusable('enable', 'true or false')
    const request = jsonText({ id: checkedId, ...checked })
    return this.#ask((native) => native.updateEntry(user, request), user)
  }

  /**
   * Adds a TOTP entry without a code that proves it, such as one that the host has just made. What several entries of
   * one secret have used up stays used.
   *
   * @param description at most 255 characters, no control characters
   * @param uri the `otpauth:` URI
   */
  addTotp(user: string, description: string, uri: string): TfaAdded {
    checkUser(user)
    const request = jsonText({ ...checkAddTotp({ description, uri }, ''), now: this.#at() })
    return this.#ask((native) => native.addTotp(user, randomBytes(16), request), user)
  }

  /**
   * Adds an entry, with Proxmox's parameters and rules.
   *
   * For `totp`, a code proves the entry and then counts as used. `webauthn` and `u2f` take two steps: the first returns a
   * `challenge`, and the second gets that challenge and the response. `recovery` creates ten codes if there is no set.
   *
   * @example
   * const begun = await config.addEntry(user, { type: 'webauthn', description: 'key' })
   * if (!begun.ok) throw new Error(begun.message)
   * const { publicKey } = JSON.parse(begun.challenge ?? '') // for the page
   * await config.addEntry(user, { type: 'webauthn', challenge: publicKey.challenge, value: JSON.stringify(response) })
   */
  async addEntry(user: string, parameters: TfaAddParameters): Promise<TfaAdded> {
    checkUser(user)
    const checked = checkAdd(parameters, '')
    if (!isType(checked.type)) return unusable('type', 'totp, webauthn, u2f, recovery or yubico')
    const request = jsonText({ ...checked, now: this.#at() })
    const added = this.#answer<TfaAdded | { take: string }>(
      (native) => native.addEntry(user, randomBytes(88), request),
      user,
    )
    await this.#host.challenges.put(user, added)
    const { value } = added
    if (!Object.hasOwn(value, 'take')) return value as TfaAdded
    const { take } = value as { take: string }
    const data = await this.#host.challenges.take(user, take, this.#at())
    return this.#ask((native) => native.addResponse(user, data ?? null, randomBytes(16), request), user)
  }

  /**
   * Returns the ways in which this user can answer, or `undefined` if the user has no entry at all, not even a disabled
   * one. An empty challenge is different: the user has entries, but can't use any of them now.
   */
  async challenge(user: string, options: TfaOriginOption = {}): Promise<TfaChallenge | undefined> {
    checkUser(user)
    const { origin } = checkOrigin(options, '')
    const now = this.#at()
    const begun = this.#answer<TfaChallenge | null>(
      (native) => native.challenge(user, origin ?? null, randomBytes(32), now),
      user,
    )
    await this.#host.challenges.put(user, begun)
    return begun.value ?? undefined
  }

  /**
   * Verifies an answer, which may come straight from the client: `totp:123456`, `recovery:...`, `yubico:...`,
   * `webauthn:{json}`, `u2f:{json}`, or an object (`{ type: 'totp', code }`, `{ type: 'webauthn', response }`).
   *
   * Eight wrong TOTP codes in a row lock TOTP. A hundred wrong codes of any type lock all of them for an hour.
   */
  async verify(user: string, answer: unknown, options: TfaOriginOption = {}): Promise<TfaResult> {
    checkUser(user)
    const { origin } = checkOrigin(options, '')
    const parsed = parseAnswer(answer)
    if (parsed === undefined) return rejected('malformed')
    const json = answerJson(parsed)
    const now = this.#at()
    if ('code' in parsed) {
      const yubico = parsed.type === 'yubico' ? await this.#yubicoSecrets(user, parsed.code, now) : ''
      return this.#ask((native) => native.verifyCode(user, `{"answer":${json},"now":${now}${yubico}}`), user)
    }
    const opened = this.#ask<{ challenge: string } | TfaRejected>(
      (native) => native.openResponse(user, `{"answer":${json}}`),
      user,
    )
    if (!Object.hasOwn(opened, 'challenge')) return opened as TfaRejected
    const { challenge } = opened as { challenge: string }
    const data = await this.#host.challenges.take(user, challenge, now)
    if (data === undefined) return rejected('rejected', 'no such challenge')
    const request = `{"answer":${json},"user":${JSON.stringify(user)},"purpose":"sign-in","now":${now}}`
    return this.#ask((native) => native.verifyResponse(user, origin ?? null, data, request), user)
  }

  /** What programs see that know the old line format alone; users without entries are left out. Holds secrets. */
  legacyView(): Map<string, TfaLegacyUser> {
    return new Map(Object.entries(this.#ask<Record<string, TfaLegacyUser>>((native) => native.legacyView())))
  }

  /** The secrets of the key that an OTP names, where the user has it and the host knows them, as part of a request. */
  async #yubicoSecrets(user: string, code: string, now: number): Promise<string> {
    const { lookUp } = this.#host
    if (lookUp === undefined) return ''
    const request = jsonText({ code, now })
    const publicId = this.#ask<string | null>((native) => native.openYubico(user, request), user)
    if (publicId === null) return ''
    const secrets = optional(checkYubicoSecrets)(await fromStore(() => lookUp(publicId, user)), 'yubico.secrets')
    return secrets === undefined ? '' : `,"yubico":${jsonText(secrets)}`
  }

  #ask<T>(call: (native: BindingTfaConfig) => string, user?: string): T {
    return this.#answer<T>(call, user).value
  }

  #answer<T>(call: (native: BindingTfaConfig) => string, user?: string): Answered<T> {
    return openAnswer<T>(guarded(() => call(this.#native)), user)
  }

  /** Epoch milliseconds. */
  #at(): number {
    return epochMilliseconds(this.#host.now(), 'now')
  }
}

/** The section as files spell it. */
interface WebauthnSection extends Omit<TfaWebauthnConfig, 'allowSubdomains'> {
  'allow-subdomains'?: boolean
}

/** What the host gave, common to an object and its clones. */
interface Host {
  now: () => number
  additions: boolean
  challenges: Challenges
  lookUp: YubicoOptions['secrets'] | undefined
}

function hostOf({ challenges, yubico, additions = false, now = Date.now }: TfaConfigOptions): Host {
  // What is accepted once by a counter that nobody writes is accepted again by the next object.
  if (yubico && !additions) throw invalid('yubico', 'left out unless additions is true, which keeps the counters')
  return { now, additions, challenges: new Challenges(challenges), lookUp: yubico?.secrets }
}

/** What a native call throws is a defect, and may quote what it was given. */
function guarded<T>(call: () => T): T | string {
  try {
    return call()
  } catch {
    return internalFailure
  }
}

/** As the core refuses an id of no entry. */
function noSuchEntry(): TfaRefused {
  return { ok: false, reason: 'no-such-entry', message: 'no such entry' }
}

function rejected(reason: TfaRejected['reason'], log?: string): TfaRejected {
  const nothing = { needsSaving: false, totpLimitReached: false, tfaLimitReached: false }
  return log === undefined ? { result: false, ...nothing, reason } : { result: false, ...nothing, reason, log }
}
