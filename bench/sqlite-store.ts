// Sign-ins with an app's code on `sqliteStore` and `directoryStore`, in turn, with one and 64 at a time: a challenge and its
// answer. Each call is answered after its sync to disk, and every answer is checked. Each round is its own process. The ratio is
// the median of the rounds' ratios. It needs a Node with node:sqlite.
//
// node build/bench/sqlite-store.js [rounds] [milliseconds for each]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

import { directoryStore } from '../facade/stores/index.js'
import { sqliteStore } from '../facade/stores/sqlite-store.js'
import { totpAt } from '../facade/testing/totp-at.js'
import { Countersign } from '../index.js'

const [first = '7', duration = '2000', kind, flight] = process.argv.slice(2)

if (kind === undefined) {
  for (const inFlight of ['1', '64']) {
    const rates: Record<'sqlite' | 'directory', number[]> = { sqlite: [], directory: [] }
    for (let round = 0; round < Number(first); round += 1) {
      for (const one of round % 2 === 0 ? (['sqlite', 'directory'] as const) : (['directory', 'sqlite'] as const)) {
        const args = ['--no-warnings', fileURLToPath(import.meta.url), first, duration, one, inFlight]
        rates[one].push(Number(execFileSync(process.execPath, args, { encoding: 'utf8' })))
      }
    }
    const ratios = rates.sqlite.map((rate, index) => rate / rates.directory[index]!)
    const [sqlite, directory] = [rates.sqlite, rates.directory].map((list) => Math.round(median(list)))
    console.log(`${inFlight} in flight: sqlite ${sqlite}/s, directory ${directory}/s, ${median(ratios).toFixed(2)} x`)
  }
} else {
  console.log(await rate(kind, Number(flight)))
}

/** Measures sign-ins per second. */
async function rate(kind: string, flight: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  try {
    const store = kind === 'sqlite' ? sqliteStore(join(folder, 'countersign.db'), { create: true }) : directoryStore(folder)
    let now = Date.now()
    const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
    const service = await Countersign.open({ rp, store, now: () => now })
    const { uri, enrolment } = await service.beginTotp('ann', { account: 'ann' })
    await service.finishTotp('ann', { enrolment, code: totpAt(uri, now), description: 'phone' })
    const record = await store.read('ann')
    const users = Array.from({ length: 1000 }, (_, index) => `user ${index}`)
    for (const user of users) await store.update(user, () => ({ record: record!, value: 0 }))

    let done = 0
    const start = performance.now()
    const lane = async () => {
      while (performance.now() - start < Number(duration)) {
        const user = users[done % users.length]!
        // Once all users have signed in, the next code is due. A sign-in that is still running sends the code before, which is accepted.
        if (done % users.length === 0) now += 30_000
        done += 1
        const code = totpAt(uri, now)
        await service.challenge(user)
        const { ok } = await service.verify(user, { type: 'totp', code })
        if (!ok) throw new Error('refused')
      }
    }
    await Promise.all(Array.from({ length: flight }, lane))
    return (done * 1000) / (performance.now() - start)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number
}
