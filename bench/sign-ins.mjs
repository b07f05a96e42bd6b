// Whole sign-ins, a challenge and its answer: on the memory and on the directory store, with few and with many users.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

import { Countersign } from 'countersign'
import { directoryStore, memoryStore } from 'countersign/stores'
import { TestAuthenticator, totpAt } from 'countersign/testing'

const self = fileURLToPath(import.meta.url)
const origin = 'https://example.com'
const rp = { id: 'example.com', name: 'Example', origins: [origin] }
/** People who sign in, among all the others. */
const people = 200

/** @returns for each store and number of users what `measure` tells */
export async function signIns({ memory, directory, milliseconds, rounds }) {
  const results = {}
  for (const users of memory) results[`memory, ${users}`] = await inMemory(users, milliseconds)
  const disk = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const shared = sharedMemory() && mkdtempSync('/dev/shm/countersign-bench-')
  try {
    const stores = []
    for (const [what, folder] of Object.entries({ 'directory': disk, 'directory without fsync': shared })) {
      if (!folder) continue
      for (const users of directory) {
        const path = join(folder, String(users))
        stores.push([`${what}, ${users}`, await enrolled(directoryStore(path, { create: true }), users), path, users])
      }
    }
    // In turn, so that the ratio of few users to many is of one time.
    const told = Object.fromEntries(stores.map(([name]) => [name, []]))
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, service] of stores) told[name].push(await measure(service, milliseconds / rounds))
    }
    for (const [name, service, path, users] of stores) {
      // Folders that each of them needs once are there then.
      for (let person = 0; person < people; person += 1) await service.next()
      results[name] = { ...combined(told[name]), calls: systemCalls(path, users) }
    }
  } finally {
    rmSync(disk, { recursive: true })
    if (shared) rmSync(shared, { recursive: true })
  }
  return results
}

async function inMemory(users, milliseconds) {
  const service = await enrolled(memoryStore(), users)
  return { ...(await measure(service, milliseconds)), delay: await delayInFlight(service, 1000) }
}

/** A service on a new store in which everybody has an app and a key. */
async function enrolled(store, users) {
  const now = Date.now()
  const service = await Countersign.open({ rp, store, now: () => now })
  const { enrolment, uri } = await service.beginTotp(name(0), { account: 'ann' })
  await service.finishTotp(name(0), { enrolment, code: totpAt(uri, now), description: 'phone' })
  const creation = await service.beginWebauthn(name(0), { name: 'ann', displayName: 'Ann' })
  const response = new TestAuthenticator().create(creation, { origin })
  await service.finishWebauthn(name(0), { response, description: 'key' })
  const record = await store.read(name(0))
  for (let user = 1; user < users; user += 1) {
    // A text of its own for each, as any real one is.
    await store.update(name(user), () => ({ record: Buffer.from(record).toString(), value: undefined }))
  }
  return signingIn(store, users, now)
}

/** Sign-ins at a store that is full, with a clock that begins at `now`. */
async function signingIn(store, users, now) {
  const service = await Countersign.open({ rp, store, now: () => now })
  const uri = JSON.parse(await store.read(name(0))).totp[0].entry.totp
  let step = 0
  const signIn = async (user) => {
    if ((await service.challenge(user)) === null) throw new Error('no challenge')
    const outcome = await service.verify(user, { type: 'totp', code: totpAt(uri, now) })
    if (!outcome.ok) throw new Error(outcome.reason)
  }
  return {
    /** The next person's; when all had their turn the clock goes on, since a code is good for one success. */
    next() {
      if (step % people === 0) now += 30_000
      const user = name(Math.floor(((step % people) * users) / people))
      step += 1
      return signIn(user)
    },
    /** Several people at once. */
    all(count) {
      now += 30_000
      return Promise.all(Array.from({ length: count }, (_, user) => signIn(name(user))))
    },
  }
}

const name = (user) => `user ${user}`

async function measure(service, milliseconds) {
  const times = []
  const begun = performance.now()
  while (performance.now() - begun < milliseconds) {
    const start = performance.now()
    await service.next()
    times.push((performance.now() - start) * 1000)
  }
  return { times, ...figures(times) }
}

const combined = (parts) => ({ ...figures(parts.flatMap(({ times }) => times)), medians: parts.map(({ p50 }) => p50) })

function figures(times) {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  const total = times.reduce((sum, time) => sum + time, 0)
  return { perSecond: (times.length / total) * 1e6, p50: at(0.5), p99: at(0.99) }
}

/** How late other work comes while so many sign-ins are under way, in milliseconds. */
async function delayInFlight(service, count) {
  let longest = 0
  let last = performance.now()
  let done = false
  const others = () => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
    if (!done) setImmediate(others)
  }
  setImmediate(others)
  const begun = performance.now()
  await service.all(count)
  const milliseconds = performance.now() - begun
  await new Promise((resolve) => setImmediate(resolve))
  done = true
  return { count, milliseconds, longest }
}

/** System calls of one sign-in that touch the store, by name; `undefined` where strace is missing. */
function systemCalls(path, users) {
  const [few, many] = [20, 60].map((count) => traced(path, users, count))
  if (few === undefined || many === undefined) return undefined
  const each = Object.keys(many).map((call) => [call, (many[call] - (few[call] ?? 0)) / 40])
  return Object.fromEntries(each.filter(([, count]) => count !== 0).toSorted())
}

let clock = Date.now() + 3_650 * 86_400_000

function traced(path, users, count) {
  const log = join(mkdtempSync(join(tmpdir(), 'countersign-bench-')), 'calls')
  // Each time later than any code that was used before.
  clock += 86_400_000
  const traced = [process.execPath, self, path, String(users), String(count), String(clock)]
  try {
    execFileSync('strace', ['-f', '-qq', '-y', '-e', 'trace=%file,%desc', '-o', log, ...traced], { stdio: 'ignore' })
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
  const calls = {}
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    // A call that another thread's interrupted is told in two lines.
    if (!line.includes(`${path}/`) || line.includes(' resumed>')) continue
    const call = /^\d+ +(\w+)\(/.exec(line)?.[1]
    if (call !== undefined) calls[call] = (calls[call] ?? 0) + 1
  }
  rmSync(join(log, '..'), { recursive: true })
  return calls
}

/** A file system in memory, where fsync costs nothing. */
function sharedMemory() {
  const tmpfs = 0x0102_1994
  try {
    return statfsSync('/dev/shm').type === tmpfs
  } catch {
    return false
  }
}

if (process.argv[1] === self) {
  const [path, users, count, at] = process.argv.slice(2)
  const service = await signingIn(directoryStore(path), Number(users), Number(at))
  for (let round = 0; round < Number(count); round += 1) await service.next()
}
