// A server that signs people in, and the people: asked over its channel by `bench/scale.mjs`.
//
// node bench/lib/scale-process.mjs DATABASE-URL REDIS-URL
import { performance } from 'node:perf_hooks'
import { Redis } from 'ioredis'
import { Pool } from 'pg'

import { Countersign } from '../../build/index.js'
import { postgresStore } from '../../build/facade/stores/postgres-store.js'
import { redisStore } from '../../build/facade/stores/redis-store.js'
import { totpAt } from '../../build/facade/testing/totp-at.js'
import { enrolTemplate, origin, partitions, personOf, rp } from './scale-users.mjs'

const [databaseUrl, redisUrl] = process.argv.slice(2)
/** Neighbours of a row are not asked for one after the other: the step has no factor in common with the numbers of users. */
const stride = 611_953

const pool = new Pool({ connectionString: databaseUrl, max: 20 })
const client = new Redis(redisUrl)
let trips = 0
const counting = { query: (text, values) => ((trips += 1), pool.query(text, values)) }
const postgres = postgresStore(counting)
const redis = redisStore({ call: (...args) => ((trips += 1), client.call(...args)) })
const stores = {
  postgres,
  'postgres, partitions': postgresStore(counting, { prefix: 'parted_', partitions }),
  redis,
  'postgres, challenges in redis': { users: postgres, challenges: redis },
}

let ahead = 0
const now = () => Date.now() + ahead
const services = {}
// The key of a store alone would do; two stores share one here.
const challengeKey = Buffer.alloc(32, 1)
for (const [kind, store] of Object.entries(stores)) services[kind] = await Countersign.open({ rp, store, challengeKey, now })
const people = await Promise.all(Array.from({ length: 8 }, enrolTemplate))
const originals = people.map(({ template }) => template.credential)
const templates = people.map(({ template }) => template)

const tasks = {
  templates: async () => templates,
  run,
  sample,
}

process.on('message', async ({ task, ...about }) => process.send(await tasks[task](about)))
process.once('disconnect', () => process.exit())
process.send('ready')

let turn = 0

/** Signs in for some seconds, so many at once. Whoever is not let in ends the run. */
async function run({ kind, way, users, flight, seconds }) {
  const answer = { code: byCode, key: byKey, passkey: byPasskey }[way]
  const memory = process.memoryUsage().rss
  const times = []
  trips = 0
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const lane = async () => {
    while (performance.now() - begun < seconds * 1000) {
      turn += 1
      // All have used their codes of this step.
      if (turn % users === 0) ahead += 30_000
      const index = (turn * stride) % users
      const since = performance.now()
      const outcome = await answer(services[kind], index)
      times.push(performance.now() - since)
      if (!outcome.ok) throw new Error(`${way}: ${outcome.reason}`)
    }
  }
  await Promise.all(Array.from({ length: flight }, lane))
  const took = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  times.sort((one, other) => one - other)
  return {
    signIns: times.length,
    perSecond: times.length / took,
    p50: times[Math.floor(times.length * 0.5)],
    p99: times[Math.floor(times.length * 0.99)],
    cpuMilliseconds: (user + system) / 1000 / times.length,
    roundTrips: trips / times.length,
    memory: { before: memory, after: process.memoryUsage().rss, most: process.resourceUsage().maxRSS * 1024 },
  }
}

/** Some users, all over the population: each way in works, and each finds this user. */
async function sample({ kind, users, count }) {
  const store = typeof stores[kind].read === 'function' ? stores[kind] : stores[kind].users

  for (let number = 0; number < count; number += 1) {
    const index = Math.floor((number * users) / count)
    const { user } = personOf(index, templates)
    if ((await store.read(user)) === undefined) throw new Error(`${user} has no record`)
    const found = await byPasskey(services[kind], index)
    if (!found.ok || found.user !== user) throw new Error(`a sign-in without a user name finds ${user}`)
    for (const way of [byCode, byKey]) if (!(await way(services[kind], index)).ok) throw new Error(`${user} can't sign in`)
  }
  ahead += 30_000
  return 'done'
}

async function byCode(service, index) {
  const { user } = personOf(index, templates)
  const { uri } = people[index % people.length]
  await service.challenge(user)
  return service.verify(user, { type: 'totp', code: totpAt(uri, now()) })
}

async function byKey(service, index) {
  const { user } = personOf(index, templates)
  const { webauthn } = await service.challenge(user)
  return service.verify(user, { type: 'webauthn', response: signed(index, webauthn) })
}

async function byPasskey(service, index) {
  const { webauthn } = await service.challenge({})
  return service.verifyPasskey({ type: 'webauthn', response: signed(index, webauthn) })
}

/** The key of a template signs as the key of a user. */
function signed(index, options) {
  const { handle, credential } = personOf(index, templates)
  const number = index % people.length
  const { key } = people[number]
  Object.assign(key.credentials[0], { id: credential, userHandle: handle })
  return key.get(options, { origin, credentialId: originals[number] })
}
