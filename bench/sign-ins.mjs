// Whole sign-ins, `challenge` and then `verify`, on the memory store and the directory store, with few and many users in turn. Also
// the delay of the event loop with 1,000 at a time, and the system calls of one sign-in.
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ToolMissing } from '../scripts/lib/tools.mjs'
import { debianTool } from './lib/debian-tool.mjs'
import { interleave, median } from './lib/interleave.mjs'
import { buildNoFsync } from './lib/no-fsync.mjs'
import { SignIns } from './lib/sign-ins.mjs'
import { systemCalls } from './lib/system-calls.mjs'

const ways = ['totp', 'webauthn']

/** @param sizes the numbers of users for each store, the smaller one first */
export async function signIns({ memory, directory, inFlight = 1000, counted = 100, ...options }) {
  if (process.platform !== 'linux') throw new ToolMissing('whole sign-ins are only measured on Linux')
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  // Without a disk, because a disk writes unsynced data a while later, which would disturb the next contender.
  const inMemory = mkdtempSync('/dev/shm/countersign-bench-')
  try {
    const noFsync = await buildNoFsync(folder)
    const at = (place, users) => ['directory', noFsync, join(place, String(users)), String(users)]
    // A sign-in waits for the disk several times, so a short round is too short.
    const slow = { ...options, milliseconds: 10 * options.milliseconds }
    const results = {
      memory: await measured(memory, (users) => new SignIns(['memory', String(users)]), inFlight, options),
      directory: await measured(directory, (users) => new SignIns(at(folder, users)), inFlight, slow),
    }
    const unsynced = (users) => new SignIns(at(inMemory, users), noFsync)
    const count = async (processes) => { results.calls = await countCalls(processes, counted) }
    results['directory without fsync'] = await measured(directory, unsynced, inFlight, options, count)
    return results
  } finally {
    // About 200,000 files: `rm` deletes them faster than Node.
    execFileSync('rm', ['-r', folder, inMemory])
  }
}

/** Measures few and many users, each in its own process. */
async function measured(sizes, start, inFlight, options, also = async () => {}) {
  const processes = Object.fromEntries(sizes.map((users) => [`${users} users`, start(users)]))
  try {
    for (const one of Object.values(processes)) await one.ready
    const results = {}
    for (const way of ways) results[way] = await measuredWay(processes, way, inFlight, options)
    await also(processes)
    return results
  } finally {
    for (const one of Object.values(processes)) one.end()
  }
}

async function measuredWay(processes, way, inFlight, options) {
  const rounds = Object.fromEntries(Object.keys(processes).map((size) => [size, []]))
  const contender = ([size, one]) => {
    const measure = async (count) => {
      const microseconds = await one.ask({ task: 'one', way, count })
      rounds[size].push(microseconds)
      // The median, because a sign-in that the machine interrupted doesn't show the speed of the store.
      return median(microseconds) * count * 1000
    }
    return [size, { measure }]
  }
  const times = await interleave(Object.fromEntries(Object.entries(processes).map(contender)), options)
  const results = {}
  for (const [size, one] of Object.entries(processes)) {
    // Leaves out the rounds that found out how many sign-ins fill a round.
    const sorted = rounds[size].slice(-options.rounds).flat().toSorted((a, b) => a - b)
    const part = (of) => sorted[Math.floor((sorted.length - 1) * of)]
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
    results[size] = {
      'one sign-in': times[size],
      perSecond: 1e6 / mean,
      'p50, microseconds': part(0.5),
      'p99, microseconds': part(0.99),
      [`${inFlight} at once`]: await bursts(one, way, inFlight),
    }
  }
  return results
}

/** Runs some bursts, and returns the median of each member. */
async function bursts(one, way, count) {
  const all = []
  for (let turn = 0; turn < 5; turn += 1) all.push(await one.ask({ task: 'burst', way, count }))
  const middle = (values) =>
    typeof values[0] === 'number'
      ? median(values)
      : Object.fromEntries(Object.keys(values[0]).map((name) => [name, middle(values.map((value) => value[name]))]))
  return middle(all)
}

/** Counts the calls of one sign-in: the difference between twice as many and as many. Calls of the store's sweep, every ten seconds, are left out. */
async function countCalls(processes, count) {
  await debianTool('strace')
  const results = {}
  for (const way of ways) {
    results[way] = {}
    for (const [size, one] of Object.entries(processes)) {
      const work = (times) => () => one.ask({ task: 'one', way, count: times, tidy: false })
      const few = await systemCalls(one.pid, work(count))
      const many = await systemCalls(one.pid, work(2 * count))
      const each = Object.keys(many).map((name) => [name, Math.round((many[name] - (few[name] ?? 0)) / count)])
      results[way][size] = Object.fromEntries(each.filter(([, calls]) => calls > 0).toSorted())
    }
  }
  return results
}
