// A program that works on a store of files, as a process or as a worker thread: `<path> <task> <arguments…>`.
import { writeSync } from 'node:fs'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'

import type { DirectoryStore, Store } from '../../facade/stores/index.js'
import { fileStore, increment } from './file-stores.js'
import { padding } from './programs.js'

const args = isMainThread ? process.argv.slice(2) : (workerData as string[])
const [path, task, ...rest] = args as [string, string, ...string[]]
const files = fileStore(path)

const tasks: Record<string, (store: Store) => Promise<void>> = {
  /** Adds to one user's counter, all at once. */
  async count(store) {
    const [user, times] = rest as [string, string]
    await Promise.all(Array.from({ length: Number(times) }, () => increment(files, store, user)))
    tell('done')
  },

  /** Writes ever new numbers, each with its own handle, and tells those that are safe. */
  async write(store) {
    const [user, size] = rest as [string, string]
    for (;;) {
      const n = await store.update(user, (record) => {
        const next = files.numberOf(record) + 1
        return { record: files.record(next, padding(next, Number(size))), handle: `${user}-${next}`, value: next }
      })
      await store.put(user, { id: `c${n}`, purpose: 'sign-in', data: String(n), expires: Date.now() + 60_000 })
      tell(`wrote ${n}`)
    }
  },

  /** Writes ever new numbers for many users at once, and puts and takes challenges. Tells what is safe. */
  async crowd(store) {
    const [name, size, count] = rest as [string, string, string]
    const lane = async (user: string): Promise<never> => {
      for (;;) {
        const n = await increment(files, store, user)
        tell(`wrote ${user} ${n}`)
        await store.put(user, { id: `c${n}`, purpose: 'sign-in', data: String(n), expires: Date.now() + 600_000 })
        tell(`put ${user} ${n}`)
        if (n % 2 === 0) continue
        tell(`taking ${user} ${n}`)
        await store.take(user, `c${n}`, Date.now())
        tell(`took ${user} ${n}`)
      }
    }
    // Half of the users are those of the other processes too.
    const own = Array.from({ length: Number(size) }, (_, index) => lane(`${name}${index}`))
    const shared = Array.from({ length: Number(count) }, (_, index) => countOn(store, `shared${index}`))
    await Promise.all([...own, ...shared])
  },

  async flush(store) {
    tell('flushing')
    await (store as DirectoryStore).flush()
    tell('flushed')
  },

  /** Claims ever other ones of some texts, and writes into the record which. */
  async claim(store) {
    const [user, ...texts] = rest as [string, ...string[]]
    tell('claiming')
    for (;;) {
      const claims = texts.filter(() => Math.random() < 0.5)
      const change = (record?: string) => {
        return { record: files.record(files.numberOf(record) + 1, claims.join('+')), claims, value: undefined }
      }
      await store.update(user, change).catch((error: { code?: string }) => {
        if (error.code !== 'claim-taken') throw error
      })
    }
  },

  /** Takes and frees a user's lock without writing, over and over. */
  async leave(store) {
    tell('leaving')
    for (;;) await store.update(rest[0] as string, () => ({ value: 0 }))
  },

  /** Takes a user's lock and keeps it. */
  async hold(store) {
    await store.update(rest[0] as string, (record) => {
      tell('holding')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      return { record: 'never written', value: record }
    })
  },

  /** Tries to take one challenge, many times at once, and tells how often that went well. */
  async take(store) {
    const [key, id] = rest as [string, string]
    const taken = await Promise.all(Array.from({ length: 25 }, () => store.take(key, id, Date.now())))
    tell(`took ${taken.filter((data) => data !== undefined).length}`)
  },

  /** Lets calls wait for a lock that another process holds, while other users' calls are answered. */
  async wait(store) {
    const [held, times] = rest as [string, string]
    const codes = Array.from({ length: Number(times) }, () =>
      increment(files, store, held).then(() => 'done', (error: { code?: string }) => error.code),
    )
    const started = performance.now()
    await Promise.all(Array.from({ length: 10 }, (_, index) => increment(files, store, `free ${index}`)))
    tell(`free ${Math.round(performance.now() - started)}`)
    tell(`waited ${[...new Set(await Promise.all(codes))].join()} ${Math.round(performance.now() - started)}`)
  },
}

async function countOn(store: Store, user: string): Promise<never> {
  for (;;) tell(`wrote ${user} ${await increment(files, store, user)}`)
}

function tell(message: string): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
  if (parentPort) parentPort.postMessage(message)
  // At once, so that nothing is told too late that the last moment before a kill has seen.
  else writeSync(1, `${message}\n`)
}

await tasks[task]?.(files.open({ lockTimeout: Number(process.env.LOCK_TIMEOUT ?? 10) }))
