export { acrOf } from './facade/service/assurance.js'
export type { Assurance, Requirement } from './facade/service/assurance.js'
export type { Duty, Enforcement, EnforcementState, Policy, PolicySubject, Reminder, Reported } from './facade/service/duty.js'
export { Countersign } from './facade/service/countersign.js'
export { parseSealKeys } from './facade/service/seal-keys.js'
export { CountersignError, errorCodes, isCountersignError } from './facade/shared/errors.js'
export type { CountersignErrorCode } from './facade/shared/errors.js'
export type { Challenge, PasskeyChallenge, PasskeySignals, Purpose, TotpEnrolment, U2fChallenge } from './facade/service/challenge.js'
export { auditTo } from './facade/service/audit.js'
export type { AuditCheck, AuditEntries, AuditLog, AuditMistake, AuditOptions, AuditReadOptions } from './facade/service/audit.js'
export type { AuditEntry } from './facade/service/audit-line.js'
export { callChannel } from './facade/service/calls.js'
export type { CallMethod, CallResult, TracedCall } from './facade/service/calls.js'
export { collectMetrics, metricsType } from './facade/service/metrics.js'
export type { Metrics } from './facade/service/metrics.js'
export { eventChannel } from './facade/service/event.js'
export type { CountersignEvent, EventType, WarningReason } from './facade/service/event.js'
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
  AssuranceOptions,
  BeginTotpOptions,
  BeginWebauthnOptions,
  BrowserOption,
  ChallengeOptions,
  EnforcementOptions,
  EnrolYubicoOptions,
  FinishOptions,
  FinishTotpOptions,
  FinishWebauthnOptions,
  FirstFactorOption,
  FromOption,
  ImportRecordOptions,
  LimitOptions,
  ModelName,
  OpenOptions,
  PasskeyOptions,
  RecoverOptions,
  RememberOptions,
  RequireOption,
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
  VerifyPasskeyOptions,
  WebauthnOptions,
  YubicoOptions,
} from './facade/service/options.js'
export type * from './facade/migration/types.js'
export type { Accepted, AuditedKeys, Deadline, Enrolled, FailedRecord, ImportedRecord, IndexedPasskeys, Outcome, PasskeyOutcome, RecognisedBrowser, Refused, RememberedBrowser, Removal, Removed, Resealed, Reset, RevokedKey, SealReport, Status, Updated, UsersPage } from './facade/service/outcome.js'
export type { AuthenticatorOptions } from './facade/stateless/authenticators.js'
export { Metadata } from './facade/stateless/metadata.js'
export type { AuthenticatorModel, Certification, MetadataOptions, RevokedStatus } from './facade/stateless/metadata.js'
export type { TotpAlgorithm, TotpWindow } from './facade/stateless/policy.js'
export { TfaConfig } from './facade/tfa-config/tfa-config.js'
export type * from './facade/tfa-config/types.js'
export type { AuditPage, AuditStore, PlacedLine } from './facade/stores/audit-store.js'
export type { ChallengeStore, Store, UserStore } from './facade/stores/traits.js'
export * from './facade/stateless/webauthn-names.js'
export type { YubicoCounter, YubicoSecrets } from './facade/stateless/yubico.js'
