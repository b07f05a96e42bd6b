// A process of a run: `<engine> <place> <run> <process> <log>`. It calls a store until it is killed, or until the
// time that it is told.
import { once } from 'node:events'
import { openSync, writeSync } from 'node:fs'

import { recordHistory } from '../../../facade/testing/history.js'
import { coreRecords } from '../../../facade/testing/test-records.js'
import { openEngine } from './engines.js'

const [engine, place, run, name, path] = process.argv.slice(2) as [string, string, string, string, string]
const store = await openEngine(engine, place)
const file = openSync(path, 'a')
// What it needs to begin with is there, unless its connection has been cut already.
await store.read('nobody').catch(() => {})
process.send!('started')
const [until] = (await once(process, 'message')) as [number]
await recordHistory(store, {
  run,
  process: name,
  seconds: (until - Date.now()) / 1000,
  log: (line) => void writeSync(file, line),
  ...(engine === 'tfa.cfg' && { record: coreRecords.of }),
})
// Pools would keep it alive.
process.exit()
