// Sign-ins by code on the directory store, one and 64 in flight: with its journal, and with each file synced by itself, in
// turn. Each is answered only after its sync to disk. Within a long round, a journal is full and is written to the files;
// what is left at its end is written after the time.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { interleave } from './lib/interleave.mjs'
import { Child } from './lib/sign-ins.mjs'

const program = new URL('lib/in-flight-process.mjs', import.meta.url)

/** @param milliseconds for each round with one in flight; with 64, so many times as long that a journal is full once */
export async function inFlight({ rounds, milliseconds, longer }) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const processes = Object.fromEntries(['journal', 'each by itself'].map((kind, index) => {
    return [kind, new Child(program, [kind, join(folder, String(index))])]
  }))
  try {
    const results = {}
    for (const flight of [1, 64]) {
      const contenders = {}
      for (const [kind, one] of Object.entries(processes)) {
        await one.ready
        contenders[kind] = { measure: (count) => one.ask({ flight, count }) }
      }
      const time = flight === 1 ? milliseconds : milliseconds * longer
      results[`${flight} in flight`] = await interleave(contenders, { rounds, milliseconds: time })
    }
    return results
  } finally {
    for (const one of Object.values(processes)) one.end()
    rmSync(folder, { recursive: true })
  }
}
