import { fromStore } from '../service/context.js'
import type { Answered } from '../service/answered.js'
import { CountersignError } from '../shared/errors.js'
import { memoryStore } from '../stores/memory-store.js'
import type { ChallengeStore } from '../stores/traits.js'

/** The open challenges of an object and its clones. */
export class Challenges {
  #store: ChallengeStore | undefined

  constructor(store: ChallengeStore | undefined) {
    this.#store = store
  }

  async put(user: string, { challenge }: Answered<unknown>): Promise<void> {
    if (challenge) await fromStore(() => this.#opened().put(user, challenge), [challenge.data])
  }

  async take(user: string, id: string, now: number): Promise<string | undefined> {
    const data: unknown = await fromStore(() => this.#opened().take(user, id, now))
    if (data === undefined || data === null) return undefined
    if (typeof data !== 'string') throw new CountersignError('store-failed')
    return data
  }

  #opened(): ChallengeStore {
    return (this.#store ??= memoryStore())
  }
}
