// What strangers cost the users: a sign-in with a code on the directory store, while strangers request challenges of sign-ins
// without a user name from the same server, and while nobody does, in turn.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { interleave, median } from './lib/interleave.mjs'
import { buildNoFsync } from './lib/no-fsync.mjs'
import { SignIns } from './lib/sign-ins.mjs'

export async function strangers({ users = 1000, perSecond = 1500, ...options }) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const noFsync = await buildNoFsync(folder)
  const server = new SignIns(['directory', noFsync, join(folder, 'store'), String(users)])
  try {
    await server.ready
    const rounds = {}
    let asked = 0
    const contender = (name, rate) => {
      const measure = async (count) => {
        const before = await server.ask({ task: 'strangers', count: rate })
        const microseconds = await server.ask({ task: 'one', way: 'totp', count })
        asked += (await server.ask({ task: 'strangers', count: 0 })) - before
        rounds[name] = [...(rounds[name] ?? []), microseconds]
        return median(microseconds) * count * 1000
      }
      return { [name]: { measure } }
    }
    const contenders = { ...contender('nobody else', 0), ...contender(`${perSecond} strangers a second`, perSecond) }
    // A sign-in waits for the disk several times, so a short round is too short.
    const times = await interleave(contenders, { ...options, milliseconds: 10 * options.milliseconds })
    if (asked === 0) throw new Error('no stranger requested a challenge')
    const percentiles = Object.entries(rounds).map(([name, all]) => {
      const sorted = all.slice(-options.rounds).flat().toSorted((a, b) => a - b)
      const part = (of) => sorted[Math.floor((sorted.length - 1) * of)]
      return [name, { 'p50, microseconds': part(0.5), 'p99, microseconds': part(0.99) }]
    })
    return { times, percentiles: Object.fromEntries(percentiles), asked }
  } finally {
    server.end()
    rmSync(folder, { recursive: true })
  }
}
