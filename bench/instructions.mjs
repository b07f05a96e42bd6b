// Counts the instructions of the hot functions with callgrind. Other work on the machine doesn't change these counts.
// Cryptography is left out, so only our own code counts.
//
// node bench/instructions.mjs           compares with what bench/instructions.json has for this compiler and processor
// node bench/instructions.mjs --write   writes that part of the file, so the commit shows what has grown
// node bench/instructions.mjs --profile NAME   shows one call, function by function, with cryptography
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

import { main } from '../scripts/lib/main.mjs'
import { say } from '../scripts/lib/output.mjs'
import { root } from '../scripts/lib/paths.mjs'
import { ask, mustRun } from '../scripts/lib/run.mjs'
import { selfCosts } from './lib/callgrind.mjs'
import { debianTool } from './lib/debian-tool.mjs'
import { buildNative } from './lib/native.mjs'
import { fieldOf, processorInfo } from './lib/processor.mjs'

/** Growth that is allowed, because it happens without a change of the code, for example by other addresses. */
const tolerance = 1.02
const file = join(root, 'bench/instructions.json')
const fixtures = join(root, 'bench/fixtures.json')

/** The name of each work, and how often the shorter of two runs does it. */
const works = {
  'authentication-es256': 20,
  'authentication-eddsa': 20,
  'authentication-rs256': 20,
  'registration-none': 20,
  'registration-packed': 20,
  totp: 100,
  'code-totp': 50,
  'code-totp-of-one-app': 50,
  'code-recovery': 50,
  challenge: 50,
  book: 200,
  'config-parse': 2,
  'config-write': 2,
}

/**
 * Compares every hot function with its committed number.
 *
 * @returns the totals. `skipped` is the reason if the numbers are from another compiler or processor
 */
export async function checkInstructions() {
  const skip = (skipped) => ({ passed: 0, failed: 0, skipped })
  if (process.platform !== 'linux') return skip('callgrind only counts on Linux')
  const here = await surroundings()
  const committed = readCommitted().find(({ on }) => isDeepStrictEqual(on, here))
  if (!committed) return skip(`there are no committed counts for ${Object.values(here).join(', ')}: --write makes them`)
  const counted = await count()
  let failed = 0
  for (const [name, instructions] of Object.entries(counted)) {
    const before = committed.instructions[name]
    const grown = before === undefined || instructions > before * tolerance
    if (grown) failed += 1
    say(`${grown ? 'GROWN  ' : '       '}${name}: ${instructions}, committed ${before}`)
  }
  if (failed > 0) say('node bench/instructions.mjs --write commits to the new numbers')
  return { passed: Object.keys(counted).length - failed, failed }
}

/** @returns the instructions of one call for each work */
async function count() {
  const program = await buildNative()
  const told = {}
  for (const [name, times] of Object.entries(works)) {
    const ours = Object.entries(await costsOfOneCall(program, name, times)).filter(([symbol]) => !isCryptography(symbol))
    told[name] = Math.round(ours.reduce((sum, [, cost]) => sum + cost, 0))
  }
  return told
}

/** @returns lines of text with the most expensive functions of one call: instructions, share, name. With cryptography */
export async function profileOf(name) {
  if (!Object.hasOwn(works, name)) throw new Error(`no such work; there are ${Object.keys(works).join(', ')}`)
  await debianTool('valgrind')
  const costs = Object.entries(await costsOfOneCall(await buildNative(), name, works[name]))
  const all = costs.reduce((sum, [, cost]) => sum + cost, 0)
  const line = (cost, symbol) => `${String(Math.round(cost)).padStart(9)} ${((100 * cost) / all).toFixed(1).padStart(5)} %  ${symbol}`
  const most = costs.toSorted(([, a], [, b]) => b - a).slice(0, 25)
  return [line(all, name), ...most.map(([symbol, cost]) => line(cost, symbol))]
}

/** @returns the instructions of one call for each function. It is the difference of two runs, so the start of the program is left out */
async function costsOfOneCall(program, name, times) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-instructions-'))
  try {
    const [short, long] = [await costs(times), await costs(3 * times)]
    const symbols = new Set([...Object.keys(short), ...Object.keys(long)])
    return Object.fromEntries([...symbols].map((symbol) => [symbol, ((long[symbol] ?? 0) - (short[symbol] ?? 0)) / (2 * times)]))
  } finally {
    rmSync(folder, { recursive: true })
  }

  async function costs(calls) {
    const out = join(folder, String(calls))
    const args = ['--tool=callgrind', `--callgrind-out-file=${out}`, program, fixtures, name, String(calls)]
    await mustRun('valgrind', ['-q', ...args])
    return selfCosts(readFileSync(out, 'utf8'), program)
  }
}

/** Cryptography in the program: all C code is aws-lc, and these Rust crates are hashes. */
function isCryptography(symbol) {
  return !symbol.startsWith('elsewhere ') && (!symbol.includes('::') || /^<?(?:sha1|sha2|hmac)::/.test(symbol))
}

/** @returns {{ on: object, instructions: object }[]} the counts of each compiler and processor that they were taken with */
const readCommitted = () => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [])

/** What the counts depend on, apart from the sources. */
async function surroundings() {
  const flags = fieldOf(processorInfo(), 'flags') ?? ''
  // without AVX-512: Valgrind hides it from the program
  const known = ['avx', 'avx2', 'bmi1', 'bmi2', 'adx', 'sha_ni', 'erms', 'fsrm']
  return {
    rustc: ask('rustc', ['--version']),
    processor: `${process.arch} with ${known.filter((flag) => flags.split(' ').includes(flag)).join(' ')}`,
    libc: `glibc ${process.report.getReport().header.glibcVersionRuntime}`,
    valgrind: await debianTool('valgrind'),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    const [how, name] = process.argv.slice(2)
    if (how === '--profile') {
      for (const line of await profileOf(name)) console.log(line)
      return
    }
    if (how === '--write') {
      const on = await surroundings()
      const others = readCommitted().filter((one) => !isDeepStrictEqual(one.on, on))
      writeFileSync(file, `${JSON.stringify([...others, { on, instructions: await count() }], null, 2)}\n`)
      return
    }
    const { skipped, failed } = await checkInstructions()
    if (skipped) console.log(`SKIPPED: ${skipped}`)
    process.exitCode = failed > 0 ? 1 : 0
  })
}
