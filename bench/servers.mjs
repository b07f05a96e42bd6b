// Whole second factors over loopback on every store, beside what a careful person writes by hand and beside better-auth, in turn: the
// CPU of the server, the time until the last of those in flight is answered, and the round trips to the database.
import { betterAuth, secondFactor, session } from './lib/http-flows.mjs'
import { HttpSignIns } from './lib/http-sign-ins.mjs'
import { interleave } from './lib/interleave.mjs'
import { enrolOne } from './lib/population.mjs'
import { fetchNode, hasNodes } from '../scripts/lib/nodes.mjs'

const USERS = 256

const server = (kind, store, flow) => ({ program: 'http-process.mjs', args: [kind, store], flow })
const own = (stores) => Object.fromEntries(stores.map((store) => [`countersign, ${store}`, server('handler', store, secondFactor)]))
const withSession = (store) => ({ [`countersign, ${store}`]: server('session', store, session) })
const whole = (store) => ({
  ...withSession(store),
  [`better-auth, ${store}`]: server('better-auth', store, betterAuth),
})

/** What stands in turn; each does the same work. */
const parts = {
  'second factor': {
    ways: ['totp', 'answer', 'webauthn'],
    inFlight: 32,
    servers: { ...own(['memory', 'directory', 'sqlite', 'postgres', 'redis', 'mysql']), 'by hand, postgres': server('hand-written', 'postgres', secondFactor) },
    notOf: { totp: ['by hand, postgres'] },
  },
  'sign-in with a session': {
    ways: ['totp', 'passkey'],
    inFlight: 64,
    servers: { ...whole('postgres'), ...withSession('postgres, prepared'), ...whole('sqlite') },
    notOf: {},
  },
}

/** @returns by part and way: `cpu` and `time` of each server, and the `trips` of those that make some */
export async function servers({ warmUp, ...options }) {
  const one = await enrolOne({ passkey: true })
  // One Node for all: SQLite without a compiler takes a newer one.
  const node = hasNodes ? (await fetchNode(24)).program : process.execPath
  const results = {}
  for (const [part, { ways, inFlight, servers, notOf }] of Object.entries(parts)) {
    const running = {}
    results[part] = {}
    try {
      for (const [name, how] of Object.entries(servers)) {
        running[name] = new HttpSignIns({ ...how, node }, one, { users: USERS, inFlight })
        await running[name].ready
      }
      for (const way of ways) {
        const those = Object.entries(running).filter(([name]) => !notOf[way]?.includes(name))
        const measured = async (what) => interleave(Object.fromEntries(those.map(([name, one]) => [name, { measure: (count) => one[what](way, count) }])), options)
        for (const [, one] of those) await one.run(way, warmUp)
        const trips = {}
        for (const [name, one] of those) trips[name] = await one.trips(way, USERS)
        results[part][way] = { trips, cpu: await measured('cpu'), time: await measured('time') }
      }
    } finally {
      for (const one of Object.values(running)) await one.end()
    }
  }
  return results
}
