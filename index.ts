export { Countersign } from './facade/service/countersign.js'
export { parseSealKeys } from './facade/service/seal-keys.js'
export { CountersignError, errorCodes, isCountersignError } from './facade/shared/errors.js'
export type { CountersignErrorCode } from './facade/shared/errors.js'
export type { Challenge, PasskeyChallenge, PasskeySignals, Purpose, TotpEnrolment, U2fChallenge } from './facade/service/challenge.js'
export { eventChannel } from './facade/service/event.js'
export type { CountersignEvent, WarningReason } from './facade/service/event.js'
export type {
  Factor,
  FactorType,
  OtherFactor,
  RecoveryFactor,
  TotpFactor,
  TypedFactorType,
  WebauthnFactor,
} from './facade/shared/factor.js'
export type {
  BeginTotpOptions,
  BeginWebauthnOptions,
  ChallengeOptions,
  EnrolYubicoOptions,
  FinishOptions,
  FinishTotpOptions,
  FinishWebauthnOptions,
  ImportRecordOptions,
  LimitOptions,
  OpenOptions,
  PasskeyOptions,
  RecoverOptions,
  ResealOptions,
  ResealProgress,
  ResetOptions,
  RpOption,
  SealKey,
  SealOptions,
  SessionOption,
  TimeoutOptions,
  TotpOptions,
  U2fOptions,
  ByOption,
  UpdateFactorOptions,
  UsersPageOptions,
  VerifyOptions,
  WebauthnOptions,
  YubicoOptions,
} from './facade/service/options.js'
export type * from './facade/migration/types.js'
export type { Accepted, Enrolled, FailedRecord, ImportedRecord, IndexedPasskeys, Outcome, PasskeyOutcome, Refused, Removal, Removed, Resealed, Reset, SealReport, Status, Updated, UsersPage } from './facade/service/outcome.js'
export type { CoseAlgorithm, CrossOrigin, RelyingParty, TotpAlgorithm, TotpWindow } from './facade/stateless/policy.js'
export { TfaConfig } from './facade/tfa-config/tfa-config.js'
export type * from './facade/tfa-config/types.js'
export type { ChallengeStore, Store, UserStore } from './facade/stores/traits.js'
export type * from './facade/stateless/webauthn-json.js'
export type { YubicoCounter, YubicoSecrets } from './facade/stateless/yubico.js'
