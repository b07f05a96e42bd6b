import { BindingSealing } from '#binding'
import type { BindingChange, BindingRecord, BindingUnopened } from '#binding'

import { internalFailure, isOfUnknownKey, openEnvelope } from '../shared/envelope.js'
import { CountersignError, isCountersignError } from '../shared/errors.js'
import { checkSeal, isKeyId } from './seal-keys.js'
import type { CheckedSeal, SealSource } from './seal-keys.js'

/** Milliseconds between two times that keys are asked for because of one that is not known: anybody may have written its id. */
const patience = 10_000

/** Seals what goes to the store and opens what comes from there. The keys are on the other side of the boundary. */
export class Sealing {
  /**
   * The same for good: with it, the core's services get the keys that are renewed.
   *
   * @internal
   */
  readonly binding = new BindingSealing()
  readonly #source: SealSource
  #renewed = -Infinity
  #renewing: Promise<boolean> | undefined

  private constructor(source: SealSource, keys: CheckedSeal) {
    this.#source = source
    this.#takeOver(keys)
  }

  /** Asks for the keys. */
  static async open(source: SealSource): Promise<Sealing> {
    return new Sealing(source, typeof source === 'function' ? await ask(source) : source)
  }

  /**
   * A record with its place, for one call of the core, which opens it and seals what becomes of it, and a challenge.
   *
   * @param text as the store has it
   * @internal
   */
  stored(text: string | null, name: string): BindingRecord {
    return [name, text]
  }

  /**
   * The text that was sealed for this place, or why not: of an unknown key the host may know by now.
   *
   * @param id of the challenge whose data it is
   * @internal
   */
  unseal(text: string, name: string, id?: string): string | BindingUnopened {
    try {
      return this.binding.open(text, name, id)
    } catch {
      return { failure: internalFailure }
    }
  }

  /** Whether a text is under the key that seals now. */
  isCurrent(text: string): boolean {
    const id = sealedUnder(text)
    return id !== undefined && this.binding.sealsUnder(id)
  }

  /**
   * Moves a record to the key that seals now.
   *
   * @internal
   */
  reseal(record: string | null, name: string): BindingChange {
    return this.binding.reseal(this.stored(record, name))
  }

  /**
   * Opens what was read, or throws `record-sealed`. Where the key is not known, the host is asked for it once more.
   *
   * @param user whom the error names
   */
  opened(text: string, user: string, id?: string): string | Promise<string> {
    const opened = this.unseal(text, user, id)
    if (typeof opened === 'string') return opened
    if (!isOfUnknownKey(opened.failure)) return openEnvelope<never>(opened.failure, user).value
    return this.renew().then((isNew) => {
      const again = isNew ? this.unseal(text, user, id) : opened
      return typeof again === 'string' ? again : openEnvelope<never>(again.failure, user).value
    })
  }

  /**
   * Asks for the keys again where there is somebody to ask, for all who wait at once, and not more often than every ten
   * seconds. Whether it did.
   */
  renew(): Promise<boolean> {
    const source = this.#source
    if (this.#renewing) return this.#renewing
    if (typeof source !== 'function' || performance.now() - this.#renewed < patience) return Promise.resolve(false)
    const renewing = this.#renew(source).finally(() => {
      this.#renewing = undefined
      this.#renewed = performance.now()
    })
    this.#renewing = renewing
    return renewing
  }

  async #renew(source: AskForKeys): Promise<boolean> {
    this.#takeOver(await ask(source))
    return true
  }

  /** The bytes on this side are wiped. */
  #takeOver({ ids, keys, acceptPlain }: CheckedSeal): void {
    try {
      openEnvelope(this.binding.useKeys(ids, keys, acceptPlain))
    } finally {
      keys.fill(0)
    }
  }
}

/** The id of the key that a text says it is sealed under; `undefined`: it is not sealed. */
export function sealedUnder(text: string): string | undefined {
  const [version, id = '', sealed] = text.split('.', 3)
  return version === 'cs1' && sealed !== undefined && isKeyId(id) ? id : undefined
}

type AskForKeys = Extract<SealSource, (...args: never) => unknown>

/** What a key service throws is that of a store that failed. */
async function ask(source: AskForKeys): Promise<CheckedSeal> {
  let given: unknown
  try {
    given = await source()
  } catch (cause) {
    throw isCountersignError(cause) ? cause : new CountersignError('store-failed', { cause })
  }
  return checkSeal(given)
}
