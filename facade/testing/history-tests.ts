import { checkHistories } from './check-histories.js'
import { keysIn, recordHistory } from './history.js'
import type { HistoryOptions } from './history.js'
import { parallel, same, storeTest } from './store-test.js'
import type { StoreTest } from './store-test.js'
import type { TestRecords } from './test-records.js'

/** Of calls at once in one process. Several processes, which may also die, need a program: see `recordHistory`. */
export const historyTests = ({ of }: TestRecords): StoreTest[] => [historyTest(of)]

/** @param options of `recordHistory` */
export const historyTest = (record: TestRecords['of'], options: Pick<HistoryOptions, 'once'> = {}): StoreTest =>
  storeTest('all calls have happened in one order', async (store, ids) => {
    const run = ids.id()
    const logs = ['', '', '']
    await parallel(logs.length, (index) =>
      recordHistory(store, { ...options, run, process: String(index), seconds: 0.5, record, log: (line) => (logs[index] += line) }),
    )
    for (const key of keysIn(logs)) ids.known(key)
    const { histories, undecided, violations } = checkHistories(logs)
    same([histories > 0, undecided, violations], [true, [], []], 'histories that no order of the calls explains')
  })
