// Stores that are wrong on purpose, each in one way.
import { setTimeout as pause } from 'node:timers/promises'

import type { RecordChange, Store } from '../../../facade/stores/traits.js'
import { CountersignError } from '../../../facade/shared/errors.js'
import { overriding } from '../../helpers/service.js'

type Change<T> = (record: string | undefined) => RecordChange<T>

const faults: Record<string, (store: Store) => Partial<Store>> = {
  'a change that another process makes in between is lost': (store) => ({
    async update(user, change) {
      const { value, ...changed } = change(await store.read(user))
      return store.update(user, () => ({ ...changed, value }))
    },
  }),
  'a change is made twice': (store) => ({
    async update(user, change) {
      await store.update(user, change)
      return store.update(user, change)
    },
  }),
  'a record is read from a cache': (store) => {
    const cache = new Map<string, Promise<string | undefined>>()
    return {
      read(user) {
        if (!cache.has(user)) cache.set(user, store.read(user))
        setTimeout(() => cache.delete(user), 20)
        return cache.get(user)!
      },
    }
  },
  'a challenge is given to two': (store) => ({
    async take(key, id, now) {
      const data = await store.take(key, id, now)
      if (data === undefined) return undefined
      await store.put(key, { id, purpose: 'sign-in', data, expires: now + 60_000 })
      await pause(10)
      await store.take(key, id, now)
      return data
    },
  }),
  'a change is answered before it is written': (store) => {
    const waiting = new Map<string, string | null>()
    return {
      async update(user, change) {
        const before = waiting.has(user) ? (waiting.get(user) ?? undefined) : await store.read(user)
        const { record, value } = change(before)
        if (record === undefined) return value
        waiting.set(user, record)
        setTimeout(() => void store.update(user, () => ({ record, value: 0 })).then(() => waiting.delete(user)), 20)
        return value
      },
    }
  },
  'a change that threw is written': (store) => ({
    async update<T>(user: string, change: Change<T>) {
      let thrown: { error: unknown } | undefined
      const lenient = (record: string | undefined): RecordChange<T> => {
        try {
          return change(record)
        } catch (error) {
          thrown = { error }
          return { record: '{"n":-1}', value: undefined as T }
        }
      }
      const value = await store.update(user, lenient)
      if (thrown) throw thrown.error
      return value
    },
  }),
  'a change that timed out is made later': (store) => ({
    async update(user, change) {
      const value = await store.update(user, change)
      if (Math.random() < 0.1) throw new CountersignError('lock-timeout')
      return value
    },
  }),
  'a challenge that is there is not found': (store) => ({
    take: async (key, id, now) => (Math.random() < 0.1 ? undefined : store.take(key, id, now)),
  }),
  'what was cleared comes back': () => ({ clear: async () => {} }),
}

export const brokenNames = Object.keys(faults)

export function brokenStore(store: Store, fault: string): Store {
  return overriding(store, faults[fault]!(store))
}
