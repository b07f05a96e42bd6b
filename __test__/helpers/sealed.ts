import { randomBytes } from 'node:crypto'

import type { SealKey, SealOptions, Store } from '../../index.js'

/** A key of its own in every run. */
export const sealKey = (id: string): SealKey => ({ id, key: randomBytes(32) })

const sealings = new WeakMap<Store, SealOptions>()

/** A store whose services seal. Some tests write records by themselves: these are read too. */
export function sealedStore(store: Store): Store {
  sealings.set(store, { keys: [sealKey('first'), sealKey('second')], plain: 'accept' })
  return store
}

/** What the services of this store are opened with. */
export function sealOf(store: Store): { seal?: SealOptions } {
  const seal = sealings.get(store)
  return seal ? { seal } : {}
}
