// A process that signs users in on a directory store, many at a time, and times itself. It takes its tasks over its IPC channel.
//
// node bench/lib/in-flight-process.mjs 'journal' | 'each by itself' PATH
import { mkdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

// Not exported by the package: the store without its journal.
import { directoryStore, storeIn } from '../../build/facade/stores/directory-store.js'
import { LockedDirectory, storeFolders } from '../../build/facade/stores/locked-directory.js'
import { totpAt } from '../../build/facade/testing/totp-at.js'
import { Countersign } from '../../build/index.js'

const users = 1000
const [kind, path] = process.argv.slice(2)
mkdirSync(path, { mode: 0o700 })
const store = kind === 'journal' ? directoryStore(path) : storeIn(new LockedDirectory(path, false, 10_000, storeFolders), path)
let now = Date.now()
const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
const service = await Countersign.open({ rp, store, now: () => now })
const { uri, enrolment } = await service.beginTotp('one', { account: 'one' })
await service.finishTotp('one', { enrolment, code: totpAt(uri, now), description: 'phone' })
const record = await store.read('one')
const names = Array.from({ length: users }, (_, index) => `user ${index}`)
await Promise.all(names.map((user) => store.update(user, () => ({ record, value: undefined }))))
await store.flush()
// The enrolment used the current code.
now += 30_000

let turn = 0
process.on('message', async ({ flight, count }) => process.send(await signIns(flight, count)))
process.once('disconnect', () => process.exit())
process.send('ready')

/** @returns the time of all of them together, in nanoseconds */
async function signIns(flight, count) {
  const begun = performance.now()
  let left = count
  const lane = async () => {
    while (left > 0) {
      left -= 1
      turn += 1
      // The next code of all users is due. A sign-in that is still running sends the code before, which is accepted.
      if (turn % users === 0) now += 30_000
      const user = names[turn % users]
      const code = totpAt(uri, now)
      await service.challenge(user)
      const { ok, reason } = await service.verify(user, { type: 'totp', code })
      if (!ok) throw new Error(`refused: ${reason}`)
    }
  }
  await Promise.all(Array.from({ length: flight }, lane))
  const took = (performance.now() - begun) * 1e6
  // Now, so that it doesn't happen while the other process is measured.
  await store.flush()
  return took
}
