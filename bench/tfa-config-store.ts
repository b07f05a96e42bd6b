// One sign-in on `tfaConfigStore` with many users, against the least that any store on such a file has to do: read it,
// `JSON.parse`, `JSON.stringify`, write, fsync and rename. It prints the medians of both, measured in turn on the same disk.
//
// node build/bench/tfa-config-store.js [users] [rounds]
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

import { Countersign } from '../index.js'
import { tfaConfigStore } from '../facade/stores/index.js'
import { totpAt } from '../facade/testing/totp-at.js'

const users = Number(process.argv[2] ?? 10_000)
const rounds = Number(process.argv[3] ?? 15)
const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'))

try {
  const record = JSON.parse(readFileSync(new URL('../../__test__/vectors/record-today.json', import.meta.url), 'utf8'))
  const everyone = Object.fromEntries(Array.from({ length: users }, (_, index) => [`user${index}@pve`, record]))
  const path = join(directory, 'tfa.cfg')
  writeFileSync(path, JSON.stringify({ users: everyone }), { mode: 0o600 })
  let now = Date.now()
  const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
  const service = await Countersign.open({ rp, store: tfaConfigStore(path), now: () => now })
  const { uri, enrolment } = await service.beginTotp('ann', { account: 'ann' })
  await service.finishTotp('ann', { enrolment, code: totpAt(uri, now), description: 'phone' })

  const signIn = async () => {
    now += 30_000
    const { ok } = await service.verify('ann', { type: 'totp', code: totpAt(uri, now) })
    if (!ok) throw new Error('refused')
  }
  const plain = async () => {
    const file = JSON.parse(readFileSync(path, 'utf8'))
    const opened = openSync(`${path}.plain`, 'w', 0o600)
    writeSync(opened, JSON.stringify(file))
    fsyncSync(opened)
    closeSync(opened)
    renameSync(`${path}.plain`, path)
  }

  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    for (const [way, work] of [signIn, plain].entries()) {
      const start = performance.now()
      await work()
      times[way]?.push(performance.now() - start)
    }
  }
  const [ours, theirs] = times.map(median) as [number, number]
  console.log(`${users} users, ${(readFileSync(path).length / 1e6).toFixed(1)} MB`)
  console.log(`one sign-in ${ours.toFixed(1)} ms, the file alone ${theirs.toFixed(1)} ms: ${(ours / theirs).toFixed(2)} x`)
} finally {
  rmSync(directory, { recursive: true })
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number
}
