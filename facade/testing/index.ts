export { checkHistories } from './check-histories.js'
export type { CheckedHistories } from './check-histories.js'
export { auditStoreTests } from './audit-store-tests.js'
export type { AuditStoreTest } from './audit-store-tests.js'
export { faultTests } from './fault-tests.js'
export type { FaultTest, FaultyStore } from './fault-tests.js'
export { recordHistory } from './history.js'
export type { HistoryCall, HistoryEvent, HistoryOptions } from './history.js'
export { hostTests } from './host-tests.js'
export type { HostTest } from './host-tests.js'
export { recordStoreTests, storeTests } from './store-tests.js'
export type { StoreTest } from './store-tests.js'
export { sessionStoreTests } from './session-store-tests.js'
export type { SessionStoreTest } from './session-store-tests.js'
export { TestAuthenticator } from './test-authenticator.js'
export type {
  CeremonyOptions,
  CreateOptions,
  GetOptions,
  TestAlgorithm,
  TestAuthenticatorOptions,
  TestCredential,
} from './test-authenticator.js'
export { totpAt } from './totp-at.js'
