// Sign-ins with a code on the directory store, one and 64 at a time: with its journal and with each file synced by itself, in
// turn. Each sign-in is answered after its sync to disk. A long round fills a journal, which is then written to the files. What
// is left at the end of a round is written after the time is taken.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { interleave } from './lib/interleave.mjs'
import { Child } from './lib/sign-ins.mjs'

const program = new URL('lib/in-flight-process.mjs', import.meta.url)

/** @param milliseconds the length of a round with one at a time. A round with 64 is longer, so that it fills a journal */
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
