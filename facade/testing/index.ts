export { faultTests } from './fault-tests.js'
export type { FaultTest, FaultyStore } from './fault-tests.js'
export { hostTests } from './host-tests.js'
export type { HostTest } from './host-tests.js'
export { recordStoreTests, storeTests } from './store-tests.js'
export type { StoreTest } from './store-tests.js'
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
