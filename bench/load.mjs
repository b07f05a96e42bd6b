// The time and memory of loading the package, each time in a fresh process, and the size of the addon.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { root } from '../scripts/lib/paths.mjs'
import { addonFile } from '../scripts/lib/platform.mjs'
import { median } from './lib/interleave.mjs'

const modules = {
  countersign: 'countersign',
  '@simplewebauthn/server': './rivals/node_modules/@simplewebauthn/server/esm/index.js',
  'fido2-lib': './rivals/node_modules/fido2-lib/dist/main.cjs',
}

/** @returns milliseconds and bytes for each module (medians of fresh processes, measured in turn), and the size of the addon */
export function loading({ rounds }) {
  const told = Object.fromEntries(Object.keys(modules).map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(modules)) {
      const output = execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), modules[name]])
      told[name].push(JSON.parse(output))
    }
  }
  const medians = (name) => ({
    milliseconds: median(told[name].map(({ milliseconds }) => milliseconds)),
    bytes: median(told[name].map(({ bytes }) => bytes)),
  })
  return {
    modules: Object.fromEntries(Object.keys(modules).map((name) => [name, medians(name)])),
    addonBytes: statSync(`${root}/${addonFile()}`).size,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  globalThis.gc()
  const before = process.memoryUsage.rss()
  const begun = performance.now()
  await import(process.argv[2])
  const milliseconds = performance.now() - begun
  globalThis.gc()
  console.log(JSON.stringify({ milliseconds, bytes: process.memoryUsage.rss() - before }))
}
