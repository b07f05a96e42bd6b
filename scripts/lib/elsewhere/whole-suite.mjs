import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ava } from '../checks.mjs'
import { binaryOf } from '../cross/place.mjs'
import { root, scratch } from '../paths.mjs'
import { runtimesFor } from './runtimes.mjs'

/**
 * What tests the packages, the scripts and the types is the same for every platform; a browser is none of theirs, and Next.js builds
 * with native parts of its own, which were installed for this machine.
 */
const NOT_OF_A_PLATFORM = ['browser/**', 'package/**', 'scripts/**', 'types/**', 'http/next.test.js']

/** Every test of the library with a target's binary, under a Node for that target. */
export async function wholeSuite(target) {
  const [runtime, command] = Object.entries(await runtimesFor(target)).at(-1) ?? []
  if (command === undefined) return { skipped: 'nothing on this machine runs it' }
  const node = program(target, runtime, command)
  const files = ['build/__test__/**/*.test.js', ...NOT_OF_A_PLATFORM.map((path) => `!build/__test__/${path}`)]
  return ava(files, { NAPI_RS_NATIVE_LIBRARY_PATH: binaryOf(target) }, node)()
}

/** One file that runs as this Node does, since tests start processes by `process.execPath`, which names no loader or emulator. */
function program(target, runtime, command) {
  const folder = join(scratch, 'elsewhere', target.name, runtime.replace(' ', '-'))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'node')
  const itself = join(folder, 'itself.cjs')
  writeFileSync(itself, `process.execPath = ${JSON.stringify(path)}\n`)
  writeFileSync(path, `#!/bin/sh\nexec ${[...command, '--require', itself].map(quoted).join(' ')} "$@"\n`)
  chmodSync(path, 0o755)
  return [path, join(root, 'node_modules/ava/entrypoints/cli.mjs')]
}

const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`
