export { Countersign } from './facade/countersign.js'
export { CountersignError, errorCodes, isCountersignError } from './facade/errors.js'
export type { CountersignErrorCode } from './facade/errors.js'
export type { Challenge, PasskeyChallenge, PasskeySignals, Purpose, TotpEnrolment, U2fChallenge } from './facade/challenge.js'
export { eventChannel } from './facade/event.js'
export type { CountersignEvent } from './facade/event.js'
export type {
  Factor,
  FactorType,
  OtherFactor,
  RecoveryFactor,
  TotpFactor,
  TypedFactorType,
  WebauthnFactor,
} from './facade/factor.js'
export type {
  BeginTotpOptions,
  BeginWebauthnOptions,
  ChallengeOptions,
  FinishOptions,
  FinishTotpOptions,
  FinishWebauthnOptions,
  LimitOptions,
  OpenOptions,
  PasskeyOptions,
  RecoverOptions,
  ResetOptions,
  RpOption,
  SessionOption,
  TimeoutOptions,
  TotpOptions,
  U2fOptions,
  UpdateFactorOptions,
  UsersPageOptions,
  VerifyOptions,
  WebauthnOptions,
  YubicoOptions,
} from './facade/options.js'
export type * from './facade/migration/types.js'
export type { Accepted, Enrolled, Outcome, PasskeyOutcome, Refused, Removed, Reset, Status, Updated, UsersPage } from './facade/outcome.js'
export type { CoseAlgorithm, CrossOrigin, RelyingParty, TotpAlgorithm, TotpWindow } from './facade/policy.js'
export { TfaConfig } from './facade/tfa-config.js'
export type * from './facade/tfa-config-types.js'
export type { ChallengeStore, Store, UserStore } from './facade/stores/traits.js'
export type * from './facade/webauthn-json.js'
export type { YubicoSecrets } from './facade/yubico.js'
