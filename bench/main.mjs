// `npm run bench` runs all measurements. It installs the other libraries, builds what is missing, prints a table, and writes
// bench/results.json and the plots of the README.
//
// npm run bench -- [--quick] [--compare] [--users=MOST] [PART...]   (webauthn, totp, challenges, growth, load, sign-ins,
// in-flight, sealing, strangers, metadata, http, servers, demo)
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

import { main } from '../scripts/lib/main.mjs'
import { root } from '../scripts/lib/paths.mjs'
import { ask } from '../scripts/lib/run.mjs'
import { setUp } from '../scripts/setup.mjs'
import { profileOf } from './instructions.mjs'
import { compare } from './lib/compare.mjs'
import { HotPaths } from './lib/hot-paths.mjs'
import { buildNative } from './lib/native.mjs'
import { processorName } from './lib/processor.mjs'
import { installRivals } from './lib/rivals.mjs'
import { isMet, targets } from './targets.mjs'

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const compares = words.includes('--compare')
const wanted = words.filter((word) => !word.startsWith('--'))
/** The largest file of `growth`. */
const mostUsers = Number(words.find((word) => word.startsWith('--users='))?.slice('--users='.length) ?? 1_000_000)
const options = quick ? { rounds: 7, milliseconds: 8 } : { rounds: 41, milliseconds: 25 }

/** The function for each part. It is imported late, because the other libraries are installed first. */
const parts = {
  webauthn: async (native) => {
    const { authentications, registrations } = await import('./webauthn.mjs')
    const authentication = await authentications(native, options)
    return { authentication, registration: await registrations(native, options) }
  },
  totp: async (native) => (await import('./totp.mjs')).codes(native, options),
  challenges: async (native) => {
    const { challenges } = await import('./challenges.mjs')
    return challenges(native, { ...options, open: quick ? 100_000 : 1_000_000 })
  },
  growth: async () => {
    const { growth } = await import('./growth.mjs')
    const sizes = quick ? [100, 10_000] : [100, 10_000, 100_000, 1_000_000]
    return growth(sizes.filter((users) => users <= mostUsers), options)
  },
  load: async () => (await import('./load.mjs')).loading({ rounds: quick ? 5 : 31 }),
  'sign-ins': async () => {
    const { signIns } = await import('./sign-ins.mjs')
    const sizes = { memory: [1000, quick ? 10_000 : 1_000_000], directory: [1000, quick ? 10_000 : 100_000] }
    return signIns({ ...sizes, ...options })
  },
  'in-flight': async () => {
    const { inFlight } = await import('./in-flight.mjs')
    return inFlight(quick ? { rounds: 3, milliseconds: 200, longer: 3 } : { rounds: 7, milliseconds: 1000, longer: 8 })
  },
  sealing: async () => (await import('./sealing.mjs')).sealing(options),
  http: async () => (await import('./http.mjs')).http(quick ? { rounds: 5, milliseconds: 300, warmUp: 500 } : { rounds: 21, milliseconds: 600, warmUp: 10_000 }),
  servers: async () => (await import('./servers.mjs')).servers(quick ? { rounds: 3, milliseconds: 100, warmUp: 100 } : { rounds: 15, milliseconds: 400, warmUp: 3000 }),
  strangers: async () => (await import('./strangers.mjs')).strangers(options),
  metadata: async () => (await import('./metadata.mjs')).metadata(options),
  demo: async () => (await import('./demo.mjs')).demo(quick ? { people: 20, rounds: 1 } : { people: 200, rounds: 3 }),
}

await main(async () => {
  const unknown = wanted.find((word) => !Object.hasOwn(parts, word))
  if (unknown !== undefined) throw new Error(`no such part: ${unknown}`)
  await setUp()
  const chosen = Object.keys(parts).filter((part) => wanted.length === 0 || wanted.includes(part))
  // These parts compare the package with itself, or with other whole servers.
  const single = chosen.some((part) => !['sign-ins', 'in-flight', 'sealing', 'strangers', 'metadata', 'http', 'servers', 'demo'].includes(part))
  if (single || chosen.includes('servers')) await installRivals()
  const native = single ? new HotPaths(await buildNative(), join(root, 'bench/fixtures.json')) : undefined
  const file = join(root, 'bench/results.json')
  const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const measured = {}
  try {
    for (const part of chosen) {
      console.log(`\n--- ${part}`)
      const figures = await parts[part](native)
      const reached = targets[part](figures)
      show(figures)
      for (const row of reached) console.log(line(row))
      const told = []
      for (const { profile, ...row } of reached) {
        const missed = !isMet(row) && profile ? { profile: await profileOf(profile) } : {}
        for (const line of missed.profile ?? []) console.log(line)
        told.push({ ...row, met: isMet(row), ...missed })
      }
      results[part] = { on: machine(), reached: told, figures: brief(figures) }
      measured[part] = results[part]
      // A short run only checks that everything works.
      if (!quick && !compares) writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`)
    }
  } finally {
    native?.close()
  }
  if (compares) tellWorse(compare(measured, committed()))
  else if (!quick) (await import('./plot.mjs')).drawPlots(results)
})

function committed() {
  const text = ask('git', ['show', 'HEAD:bench/results.json'])
  if (text === undefined) throw new Error('there are no committed results: --compare needs a git checkout with bench/results.json')
  return JSON.parse(text)
}

/** Fails if something is worse than in the committed results. */
function tellWorse({ worse, passed, compared }) {
  console.log(`\n--- compared with the committed results: ${compared} rows`)
  for (const { part, what, why } of passed) console.log(`        ${part}: ${what}: ${why}`)
  for (const { part, what, figure, before, tolerance, unit } of worse) {
    const allowed = `${number(tolerance * 100)} %`
    console.log(`WORSE   ${part}: ${what}: ${number(figure)} ${unit}, before ${number(before)} (may vary by ${allowed})`)
  }
  if (worse.length > 0) throw new Error(`worse than before: ${worse.map(({ what }) => what).join('; ')}`)
}

function machine() {
  return {
    cpu: processorName(),
    cores: cpus().length,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    rustc: ask('rustc', ['--version']),
  }
}

/** Prints the median of every contender, indented by its depth. */
function show(figures, indent = '') {
  const told = (name, text) => console.log(`${indent}${name}: ${text}`)
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value !== 'object') told(name, number(value))
    else if (value.times && value.median !== undefined) told(name, `${number(value.median / 1000)} µs`)
    else if (name !== 'times' || !Array.isArray(value)) {
      console.log(`${indent}${name}`)
      show(value, `${indent}  `)
    }
  }
}

function line(row) {
  const { what, figure, most, least, unit = 'x' } = row
  const bound = most === undefined ? `at least ${least}` : `at most ${most}`
  return `${isMet(row) ? '       ' : 'MISSED '}${what}: ${number(figure)} ${unit} (${bound})`
}

function number(value) {
  return typeof value === 'number' ? Number(value.toPrecision(3)).toString() : value
}

/** Keeps the median and the quartiles, and drops the rounds. */
function brief(value) {
  if (Array.isArray(value)) return undefined
  if (typeof value === 'number') return Number(value.toPrecision(4))
  if (typeof value !== 'object' || value === null) return value
  if (value.times && value.median !== undefined) {
    const sorted = value.times.toSorted((a, b) => a - b)
    const at = (part) => Number((sorted[Math.floor((sorted.length - 1) * part)] / 1000).toPrecision(4))
    return { microseconds: at(0.5), quartiles: [at(0.25), at(0.75)] }
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, brief(inner)]))
}
