import { challengeStoreTests } from './challenge-store-tests.js'
import { claimTests } from './claim-tests.js'
import { historyTests } from './history-tests.js'
import { anyTexts, coreRecords } from './test-records.js'
import { userStoreTests } from './user-store-tests.js'
import type { StoreTest } from './store-test.js'

export type { StoreTest } from './store-test.js'

/**
 * The tests that every store must pass, for any test runner. Each test uses its own ids and removes its records at the
 * end, so all of them may run at once in one database. Two runs of the whole suite may not.
 *
 * @example
 * for (const { name, run } of storeTests) test(name, () => run(() => myStore(pool)))
 */
export const storeTests: StoreTest[] = [...userStoreTests(anyTexts), ...claimTests(anyTexts), ...challengeStoreTests, ...historyTests(anyTexts)]

/** The same tests for a store that only accepts records of Countersign, such as `tfaConfigStore`. */
export const recordStoreTests: StoreTest[] = [...userStoreTests(coreRecords), ...claimTests(coreRecords), ...challengeStoreTests, ...historyTests(coreRecords)]
