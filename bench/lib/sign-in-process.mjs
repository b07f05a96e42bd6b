// A process that signs users in and times itself. It takes its tasks over its IPC channel.
//
// node bench/lib/sign-in-process.mjs memory USERS | sealed-memory USERS | directory NO_FSYNC PATH USERS
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { Countersign } from 'countersign'
import { directoryStore, memoryStore } from 'countersign/stores'
import { totpAt } from 'countersign/testing'

import { enrolOne, fill, nameOf, origin, rp } from './population.mjs'

const [kind, ...rest] = process.argv.slice(2)
const users = Number(rest.at(-1))
const { uri, key, template } = await enrolOne()
const store = await (kind === 'directory' ? filledDirectory(...rest) : filledMemory())
let now = Date.now()
const service = await Countersign.open({ rp, store, now: () => now, ...(kind === 'sealed-memory' && { seal: await seal() }) })

const answers = {
  totp: () => ({ type: 'totp', code: totpAt(uri, now) }),
  webauthn: (challenge) => ({ type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }),
}
const tasks = { one: oneByOne, burst, strangers }

process.on('message', async ({ task, way, count, tidy }) => process.send(await tasks[task](answers[way], count, tidy)))
process.once('disconnect', () => process.exit())
process.send('ready')

/** @returns the microseconds of each sign-in, without the client's work */
async function oneByOne(answer, count, tidy = true) {
  const microseconds = []
  for (let done = 0; done < count; done += 1) {
    const user = nextUser()
    const begun = performance.now()
    const challenge = await service.challenge(user)
    const between = performance.now()
    const given = answer(challenge)
    const resumed = performance.now()
    check(await service.verify(user, given))
    microseconds.push((performance.now() - resumed + between - begun) * 1000)
    // A sign-in with a code leaves its challenge open, and the user's next sign-in would find it.
    if (tidy) await store.clear(user)
  }
  return microseconds
}

/** Requests all challenges at the same time, and then sends all answers at the same time. The clients' work between them isn't measured. */
async function burst(answer, count) {
  const chosen = Array.from({ length: count }, nextUser)
  // Some of these users have signed in since the clock was last moved.
  now += 30_000
  const begun = await watched(() => Promise.all(chosen.map((user) => service.challenge(user))))
  const given = begun.value.map(answer)
  const ended = await watched(() => Promise.all(chosen.map((user, index) => service.verify(user, given[index]))))
  ended.value.forEach(check)
  await Promise.all(chosen.map((user) => store.clear(user)))
  now += 30_000
  return {
    perSecond: (count * 1000) / (begun.milliseconds + ended.milliseconds),
    'loop delay, challenges': begun.delay,
    'loop delay, answers': ended.delay,
  }
}

/** From now on, `perSecond` strangers a second request the challenge of a sign-in without a user name. */
async function strangers(_, perSecond) {
  clearInterval(strangers.timer)
  let come = 0
  let begun = performance.now()
  // If a timer is late, all strangers who were due come at once, but never those of more than a second.
  strangers.timer = perSecond > 0 && setInterval(() => {
    const now = performance.now()
    if (now - begun > 1000) [begun, come] = [now, 0]
    for (; come < ((now - begun) * perSecond) / 1000; come += 1) {
      strangers.asked = (strangers.asked ?? 0) + 1
      service.challenge({ session: `stranger ${strangers.asked}` }).catch((error) => { throw error })
    }
  }, 1)
  return strangers.asked ?? 0
}

/** Measures the delay of the event loop in milliseconds. It includes one millisecond of the timer itself. */
async function watched(work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  // Waits for the first sample, because a delay before it isn't seen.
  await pause(5)
  const begun = performance.now()
  const value = await work()
  const milliseconds = performance.now() - begun
  // Waits for another turn of the loop, which shows a delay at the end.
  await pause(5)
  histogram.disable()
  const delay = { p50: histogram.percentile(50), p99: histogram.percentile(99), max: histogram.max }
  const told = Object.entries(delay).map(([name, nanoseconds]) => [name, nanoseconds / 1e6])
  return { value, milliseconds, delay: Object.fromEntries(told) }
}

/** Returns the users in turn, each far from the one before. When all have had their turn, the clock moves on to new codes. */
function nextUser() {
  nextUser.turn = (nextUser.turn ?? 0) + 1
  if (nextUser.turn % users === 0) now += 30_000
  return nameOf((nextUser.turn * 611_953) % users)
}

function check({ ok, reason }) {
  if (!ok) throw new Error(`refused: ${reason}`)
}

/** Seals every record with the first of two keys, as between two rotations. */
async function seal() {
  const keys = ['new', 'old'].map((id) => ({ id, key: randomBytes(32) }))
  const sealing = await Countersign.open({ rp, store, seal: { keys, plain: 'accept' } })
  const { resealed } = await sealing.reseal()
  await sealing.close()
  if (resealed !== users) throw new Error(`sealed: ${resealed} of ${users}`)
  return { keys }
}

async function filledMemory() {
  const store = memoryStore()
  await fill(store, template, users)
  return store
}

/** Fills the store in another process, which doesn't wait for the disk. */
function filledDirectory(noFsync, path) {
  const program = fileURLToPath(new URL('population.mjs', import.meta.url))
  const options = { input: JSON.stringify(template), stdio: ['pipe', 'inherit', 'inherit'] }
  execFileSync(noFsync, [process.execPath, program, path, String(users)], options)
  execFileSync('sync', ['-f', path])
  return directoryStore(path)
}
