// A thread that reads nearly all the time, as the host may: `{ runtime, path }`.
import { parentPort, workerData } from 'node:worker_threads'

import { driverOf } from './driver.js'

const { runtime, path } = workerData as { runtime: string; path: string }
const database = driverOf(runtime).open(path)
const wait = (milliseconds: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
database.exec('PRAGMA busy_timeout = 0')
for (let turn = 0; ; turn += 1) {
  database.exec('BEGIN')
  try {
    database.prepare('SELECT count(*) FROM countersign_records').all()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
    if (turn === 0) parentPort!.postMessage('reading')
    wait(25)
  } catch {
    // Someone is about to commit.
    wait(1)
  }
  database.exec('COMMIT')
}
