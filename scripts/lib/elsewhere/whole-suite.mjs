import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ava } from '../checks.mjs'
import { binaryOf } from '../cross/place.mjs'
import { scratch } from '../paths.mjs'
import { local } from '../run.mjs'
import { runtimesFor } from './runtimes.mjs'

/**
 * What tests the packages, the scripts, the types and the text of the sources is the same for every platform; a browser is none of
 * theirs, and Next.js builds with native parts of its own, which were installed for this machine.
 */
const NOT_OF_A_PLATFORM = ['browser/**', 'package/**', 'scripts/**', 'types/**', 'http/next.test.js', 'shared/regular-expressions.test.js']

/** Every test of the library with a target's binary, under a Node for that target. What tells the results runs on this machine's own. */
export async function wholeSuite(target) {
  const [runtime, command] = Object.entries(await runtimesFor(target)).at(-1) ?? []
  if (command === undefined) return { skipped: 'nothing on this machine runs it' }
  const folder = join(scratch, 'elsewhere', target.name, runtime.replace(' ', '-'))
  const files = ['build/__test__/**/*.test.js', ...NOT_OF_A_PLATFORM.map((path) => `!build/__test__/${path}`)]
  const [node, ...tests] = local('ava/entrypoints/cli.mjs')
  const emulated = target.cpu !== process.arch
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: binaryOf(target), COUNTERSIGN_NODE_OF_TOOLS: process.execPath, ...(emulated && slow(folder)) }
  return ava(emulated ? ['--timeout=30m', ...files] : files, env, [node, '--require', forks(folder, command), ...tests])()
}

/** An emulated processor: that of a server whose pointers are not signed, and code that was compiled before, each take a fifth off the time. */
const slow = (folder) => ({ COUNTERSIGN_EMULATED: '1', QEMU_CPU: 'neoverse-n1', NODE_COMPILE_CACHE: join(folder, 'compiled') })

/** A module after which a process starts others as this Node; and so do they, since what runs them names no loader or emulator. */
function forks(folder, command) {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'node')
  const itself = join(folder, 'itself.cjs')
  writeFileSync(itself, `process.execPath = ${JSON.stringify(path)}\n`)
  writeFileSync(path, `#!/bin/sh\nexec ${[...command, '--require', itself].map(quoted).join(' ')} "$@"\n`)
  chmodSync(path, 0o755)
  return itself
}

const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`
