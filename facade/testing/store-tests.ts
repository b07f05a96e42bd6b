import { challengeStoreTests } from './challenge-store-tests.js'
import { anyTexts, coreRecords } from './test-records.js'
import { userStoreTests } from './user-store-tests.js'
import type { StoreTest } from './store-test.js'

export type { StoreTest } from './store-test.js'

/**
 * What every store must pass, in any test runner. Each test uses ids of its own and removes its records at the end, so
 * that all may run at once in one database; two runs of the whole suite may not.
 *
 * @example
 * for (const { name, run } of storeTests) test(name, () => run(() => myStore(pool)))
 */
export const storeTests: StoreTest[] = [...userStoreTests(anyTexts), ...challengeStoreTests]

/** The same for a store that holds nothing but records as Countersign makes them, such as `tfaConfigStore`. */
export const recordStoreTests: StoreTest[] = [...userStoreTests(coreRecords), ...challengeStoreTests]
