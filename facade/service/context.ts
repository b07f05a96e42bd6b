import { openService } from '#binding'
import type { BindingChange, BindingRecord, BindingService } from '#binding'

import { checkUser, epochMilliseconds, invalid, own } from '../shared/check.js'
import { internalFailure, isOfUnknownKey, openEnvelope } from '../shared/envelope.js'
import { openAnswer } from './answered.js'
import type { Answered } from './answered.js'
import { presentable } from '../shared/cause.js'
import { randomBytes } from '../shared/crypto.js'
import { CountersignError, isCountersignError } from '../shared/errors.js'
import { Drifts } from './drift.js'
import { Events } from './events.js'
import type { Teller } from './events.js'
import { suffixHint } from './hints.js'
import { jsonText } from '../shared/json.js'
import type { ModelName } from './options.js'
import { isPublicSuffix } from './public-suffix.js'
import type { Sealing } from './sealing.js'
import { bindingOf } from '../stateless/metadata.js'
import type { Metadata } from '../stateless/metadata.js'
import type { RelyingParty } from '../stateless/policy.js'
import type { Settings } from './settings.js'
import type { RecordChange } from '../stores/traits.js'

/** Relying parties whose parsed settings are kept; the one used longest ago goes. */
const maxServices = 64

/** Where a change takes place. */
interface Where {
  name?: string
  before?: string | null
  /** What the same call has made of `before` already: it is not asked for that again. */
  made?: RecordChange<string> | undefined
}

/** What came of a call that was tried: its answer where it would change nothing, or what it would change. */
interface Tried<T> {
  refused: T | null
  made?: RecordChange<string>
}

/** What every operation works with: the core's service, the stores and the clock, each behind its own guard. */
export class Context {
  readonly settings: Settings
  readonly events: Teller
  readonly drifts: Drifts
  /** `undefined`: the store gets everything as it is. */
  readonly sealing: Sealing | undefined
  readonly #default: BindingService
  readonly #services: Map<string, BindingService>
  /** The metadata that each service has. */
  readonly #informed: WeakMap<BindingService, Metadata | undefined>

  /** @param whole the service of which this is one call */
  constructor(settings: Settings, sealing?: Sealing, whole?: Context, events: Teller = new Events(settings.onEvent)) {
    this.settings = settings
    this.sealing = sealing
    this.events = events
    this.drifts = whole ? whole.drifts : new Drifts()
    this.#default = whole ? whole.#default : serviceFor(settings, settings.rp, sealing)
    this.#services = whole ? whole.#services : new Map()
    this.#informed = whole ? whole.#informed : new WeakMap()
  }

  /** The same for one call, which tells what happens in it to these. */
  telling(events: Teller): Context {
    return new Context(this.settings, this.sealing, this, events)
  }

  /** The core's service for a relying party, the default one if none is given. @internal */
  service(rp?: RelyingParty): BindingService {
    return this.#inform(this.#serviceOf(rp))
  }

  /** What is known of models of authenticators now. The host may have newer metadata than at the last call. */
  metadata(): Metadata | undefined {
    const { metadata } = this.settings
    if (!metadata) return undefined
    let current: unknown
    try {
      current = metadata()
    } catch (error) {
      throw new CountersignError('store-failed', { cause: presentable(error, []) })
    }
    if (current !== undefined && !bindingOf(current)) throw invalid('webauthn.metadata()', 'what Metadata.verify() resolved with')
    return current as Metadata | undefined
  }

  /** What names models: the host's own names, then those of the metadata. */
  get modelName(): ModelName | undefined {
    const { modelName, metadata } = this.settings
    if (!metadata) return modelName
    return (aaguid) => nameOr(modelName, aaguid) ?? this.metadata()?.name(aaguid)
  }

  #inform(service: BindingService): BindingService {
    if (!this.settings.metadata) return service
    const current = this.metadata()
    if (this.#informed.get(service) !== current) {
      service.useMetadata(bindingOf(current))
      this.#informed.set(service, current)
    }
    return service
  }

  #serviceOf(rp: RelyingParty | undefined): BindingService {
    if (!rp) return this.#default
    const key = jsonText(rp)
    const service = this.#services.get(key) ?? this.#opened(rp)
    this.#services.delete(key)
    this.#services.set(key, service)
    if (this.#services.size > maxServices) this.#services.delete(this.#services.keys().next().value as string)
    return service
  }

  #opened(rp: RelyingParty): BindingService {
    const service = serviceFor(this.settings, rp, this.sealing)
    // Only the host's clock can fail, and the call itself says so.
    this.warnOfSuffix(rp).catch(() => undefined)
    return service
  }

  /** Warns of an `rp.id` that every browser refuses. */
  async warnOfSuffix({ id }: RelyingParty): Promise<void> {
    if (await isPublicSuffix(id)) this.events.warn('public-suffix', suffixHint(id), '', this.now())
  }

  /** Epoch milliseconds. */
  now(): number {
    return epochMilliseconds(this.settings.now(), 'now')
  }

  /** The user's record, or `null`. */
  async read(user: string): Promise<string | null> {
    return this.opened(await this.readSealed(user), user)
  }

  private opened(text: string | null, user: string): string | null | Promise<string> {
    return text === null || !this.sealing ? text : this.sealing.opened(text, user)
  }

  /** The same as the store has it. */
  async readSealed(user: string): Promise<string | null> {
    return recordText(await fromStore(() => this.settings.users.read(user)))
  }

  /** The user whom a WebAuthn user handle, or another claim, belongs to. */
  async owner(claim: string): Promise<string | undefined> {
    const user: unknown = await fromStore(() => this.settings.users.owner(claim))
    if (user === undefined || user === null) return undefined
    if (typeof user !== 'string') throw new CountersignError('store-failed')
    return checkUser(user)
  }

  /** The same with the user's record as the store has it. */
  async ownerSealed(claim: string): Promise<{ user: string; text: string | null } | undefined> {
    const { users } = this.settings
    if (typeof users.ownerRecord !== 'function') {
      const user = await this.owner(claim)
      return user === undefined ? undefined : { user, text: await this.readSealed(user) }
    }
    const found: unknown = await fromStore(() => users.ownerRecord!(claim))
    if (found === undefined || found === null) return undefined
    const { user, record } = Object(found) as { user?: unknown; record?: unknown }
    if (typeof user !== 'string') throw new CountersignError('store-failed')
    return { user: checkUser(user), text: recordText(record) }
  }

  /**
   * Runs one call of the core inside the store's atomic change of a record, then tells what happened.
   *
   * @param where `name`: that of the record in the store, if it is not the user's; `before`: the record as it was just read
   *   there, which spares the store a reading
   * @internal
   */
  async update<T>(
    user: string,
    at: number,
    call: (record: BindingRecord) => BindingChange,
    where: Where = {},
  ): Promise<Answered<T>> {
    const answered = await this.change<T>(user, call, where)
    this.events.tell(answered.events, user, at)
    return answered
  }

  /**
   * `undefined` where the store refuses a change because a claim is another user's: it has written nothing then.
   *
   * @internal
   */
  async unlessTaken<T>(update: () => Promise<Answered<T>>): Promise<Answered<T> | undefined> {
    try {
      return await update()
    } catch (err) {
      if (isCountersignError(err, 'claim-taken')) return undefined
      throw err
    }
  }

  /**
   * The same for a typed code: what is told of a wrong one may say that a clock is off.
   *
   * @param totp the code of the phone app, if it is one
   * @internal
   */
  async updateByCode<T>(
    user: string, at: number, totp: string | undefined, call: (record: BindingRecord) => BindingChange,
  ): Promise<Answered<T>> {
    let before: BindingRecord = null
    const answered = await this.change<T>(user, (record) => call((before = record)))
    this.events.tell(totp === undefined ? answered.events : this.#explained(answered, user, at, before, totp), user, at)
    return answered
  }

  #explained(
    { events }: Answered<unknown>, user: string, at: number, record: BindingRecord, code: string,
  ): Answered<unknown>['events'] {
    const service = this.service()
    const search = () => openEnvelope<number | null>(service.findDrift(record, jsonText({ code, now: at })), user).value
    const note = (drift: number) => this.update(user, at, (stored) => service.noteDrift(stored, jsonText({ drift })))
    return this.drifts.explain(user, at, events, search, note)
  }

  private async change<T>(
    user: string, call: (record: BindingRecord) => BindingChange, { name = user, before, made }: Where = {},
  ): Promise<Answered<T>> {
    // What a driver may quote: the record as it was, and as it was to be.
    const passed: string[] = []
    const change = (record: string | undefined) => {
      const text = recordText(record)
      const changed = made && text === before ? made : stored(call, this.stored(text, name))
      passed.splice(0, passed.length, text ?? '', changed.record ?? '', changed.value)
      return changed
    }
    const update = () => fromStore(() => this.settings.users.update(name, change, before ?? undefined), passed)
    let envelope = await update()
    // Nothing was written. The host may have the key by now, but never inside of a change.
    if (isOfUnknownKey(envelope) && (await this.sealing?.renew())) envelope = await update()
    if (typeof envelope !== 'string') throw new CountersignError('store-failed')
    return openAnswer<T>(envelope, user)
  }

  /**
   * A record as one call of the core takes it.
   *
   * @param text as the store has it
   * @internal
   */
  stored(text: string | null, name: string): BindingRecord {
    return this.sealing ? this.sealing.stored(text, name) : text
  }

  /**
   * Runs a change that is made of the record as the store has it, sealed or not.
   *
   * @internal
   */
  async updateSealed<T>(name: string, call: (record: string | null) => BindingChange): Promise<T> {
    const passed: string[] = []
    const change = (record: string | undefined) => {
      const before = recordText(record)
      // One that is not sealed yet is a secret.
      passed.splice(0, 1, before ?? '')
      return stored(() => call(before), null)
    }
    const envelope = await fromStore(() => this.settings.users.update(name, change), passed)
    if (typeof envelope !== 'string') throw new CountersignError('store-failed')
    return openAnswer<T>(envelope, name).value
  }

  /**
   * Tries a call of the core on the record as it is read: what it answers where it would change nothing, told. Where it has
   * something to store, that is for `update` then.
   *
   * @param text the record as the store has it
   * @param named whom the events name
   * @internal
   */
  async refusal<T>(
    user: string, text: string | null, at: number, call: (record: BindingRecord) => BindingChange, named = user,
  ): Promise<Tried<T>> {
    const change = stored(call, await this.opened(text, user))
    // One that is sealed is made anew: here, it was open.
    if (change.record !== undefined) return { refused: null, ...(!this.sealing && { made: change }) }
    const answered = openAnswer<T>(change.value, user)
    this.events.tell(answered.events, named, at)
    return { refused: answered.value }
  }

  /**
   * What a call of the core answers of this record, and whether it would change it. Nothing is stored or told.
   *
   * @internal
   */
  tried<T>(user: string, record: string | null, call: (record: BindingRecord) => BindingChange): { value: T; changes: boolean } {
    const change = stored(call, record)
    return { value: openAnswer<T>(change.value, user).value, changes: change.record !== undefined }
  }

  /**
   * Runs one call of the core that only reads a record, in which it is opened too, then tells what happened.
   *
   * @param text as the store has it
   * @internal
   */
  async ask<T>(user: string, text: string | null, at: number, call: (record: BindingRecord) => string): Promise<Answered<T>> {
    const ask = () => native(() => call(this.stored(text, user)))
    let envelope = ask()
    if (isOfUnknownKey(envelope) && (await this.sealing?.renew())) envelope = ask()
    return this.answer<T>(user, at, () => envelope)
  }

  /** Runs one call of the core that changes no record, then tells what happened. */
  answer<T>(user: string, at: number, call: () => string): Answered<T> {
    const answered = openAnswer<T>(native(call), user)
    this.events.tell(answered.events, user, at)
    return answered
  }

  /** 32 bytes for a challenge that is to be stored: random, but for the tag that its id has to begin with. */
  challengeBytes(user: string): Buffer | Promise<Buffer> {
    const bytes = randomBytes(32)
    // In every sign-in: most stores have no tags, and need no promise.
    return typeof this.settings.challenges.challengeTag === 'function' ? this.#tagged(bytes, user) : bytes
  }

  async #tagged(bytes: Buffer, user: string): Promise<Buffer> {
    const tag: unknown = await fromStore(() => this.settings.challenges.challengeTag!(user))
    if (typeof tag !== 'string' || !/^[\w-]{16}$/.test(tag)) throw new CountersignError('store-failed', { detail: 'challengeTag()' })
    bytes.write(tag, 'base64url')
    return bytes
  }

  async put(user: string, { challenge }: Answered<unknown>): Promise<void> {
    if (!challenge) return
    await fromStore(() => this.settings.challenges.put(user, challenge), [challenge.data])
  }

  /** The challenge's data, which nobody else gets any more; `undefined` when it is not there, or not any more. */
  async take(user: string, id: string, now: number): Promise<string | undefined> {
    const data: unknown = await fromStore(() => this.settings.challenges.take(user, id, now))
    if (data === undefined || data === null) return undefined
    if (typeof data !== 'string') throw new CountersignError('store-failed')
    return this.sealing ? this.sealing.opened(data, user, id) : data
  }
}

/**
 * Anything that a store throws becomes one error, so that a host knows it from a refusal; nobody gets in by it.
 *
 * @param passed secrets that the store was given, which no message may quote
 */
export async function fromStore<T>(work: () => T | Promise<T>, passed: readonly string[] = []): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    // A store of the host's, which has no class of ours.
    if (isTaken(thrown)) throw new CountersignError('claim-taken')
    if (!isCountersignError(thrown)) throw new CountersignError('store-failed', { cause: presentable(thrown, passed) })
    const { cause } = thrown
    if (cause !== undefined) Object.defineProperty(thrown, 'cause', { value: presentable(cause, passed) })
    throw thrown
  }
}

/** What the host's function throws is no reason to go without a name that the metadata has. */
function nameOr(modelName: ModelName | undefined, aaguid: string): string | undefined {
  try {
    return modelName?.(aaguid)
  } catch {
    return undefined
  }
}

function isTaken(thrown: unknown): boolean {
  return (Object(thrown) as { code?: unknown }).code === 'claim-taken'
}

function serviceFor(settings: Settings, rp: RelyingParty, sealing: Sealing | undefined): BindingService {
  const service = openService(settings.textFor(rp), sealing?.binding)
  return typeof service === 'string' ? openEnvelope<never>(service).value : service
}

function recordText(record: unknown): string | null {
  if (record === undefined || record === null) return null
  if (typeof record !== 'string') throw new CountersignError('store-failed')
  return record
}

function stored(call: (record: BindingRecord) => BindingChange, before: BindingRecord): RecordChange<string> {
  let change: BindingChange
  try {
    change = call(before)
  } catch (error) {
    // The host's metadata is asked for in here.
    if (isCountersignError(error)) throw error
    return leaving(internalFailure)
  }
  const { action, value } = change
  const [record, handle] = [own(change, 'record'), own(change, 'handle')] as [string | undefined, string | undefined]
  const claims = own(change, 'claims') as string[] | undefined
  // Every member is there: a store would find an absent one on a polluted prototype, and `null` there deletes.
  if (action === 'delete') return { record: null, handle: undefined, claims: undefined, value }
  if (action === 'write') return { record, handle, claims, value }
  return leaving(value)
}

const leaving = (value: string): RecordChange<string> => ({ record: undefined, handle: undefined, claims: undefined, value })

function native(call: () => string): string {
  try {
    return call()
  } catch (error) {
    if (isCountersignError(error)) throw error
    return internalFailure
  }
}
