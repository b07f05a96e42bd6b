import type { Assurance, Hardware, Requirement } from './assurance.js'
import type { AuditLog } from './audit.js'
import type { Policy } from './duty.js'
import type { Purpose } from './challenge.js'
import type { CountersignEvent } from './event.js'
import type { AttestationPolicy } from '../stateless/attestation-policy.js'
import type { AuthenticatorOptions } from '../stateless/authenticators.js'
import type { AuthenticationExtensions, RegistrationExtensions, UnsolicitedExtensions } from '../stateless/extensions.js'
import type { Metadata } from '../stateless/metadata.js'
import type { CoseAlgorithm, CrossOrigin, RelyingParty, TotpAlgorithm, TotpWindow } from '../stateless/policy.js'
import type { ChallengeStore, Store, UserStore } from '../stores/traits.js'
import type {
  AttestationConveyance,
  AuthenticatorAttachment,
  Hint,
  ResidentKey,
  UserVerification,
} from '../stateless/webauthn-json.js'
import type { YubicoSecrets } from '../stateless/yubico.js'

/** Options of `Countersign.open()`. Unknown members are refused, so that a misspelt one can't weaken anything. */
export interface OpenOptions {
  rp: RelyingParty
  /** One store for both, or one for users and one for challenges. The service never closes them. */
  store: Store | { users: UserStore; challenges: ChallengeStore }
  totp?: TotpOptions
  webauthn?: WebauthnOptions
  u2f?: U2fOptions
  yubico?: YubicoOptions
  recovery?: {
    /** How many codes a set has, 1 to 100. Default 10. */
    codes?: number
  }
  limits?: LimitOptions
  timeouts?: TimeoutOptions
  assurance?: AssuranceOptions
  /**
   * A secret of 32 to 64 random bytes, as a `Uint8Array` or base64url text, the same in every process. It authenticates
   * the challenges of sign-ins without a user name, which are not stored, and makes new user handles. Default: one that
   * the store keeps (`sharedKey()`). A store of your own without `sharedKey()` needs this option for `webauthn.passkeys`.
   */
  challengeKey?: Uint8Array | string
  /**
   * Seals records and the data of challenges before the store gets them, or a function that returns this: it is called by
   * `open()`, and again if a text is under a key that is not known yet. Not for a `tfaConfigStore`. See docs/sealing.md.
   * Default: nothing is sealed.
   */
  seal?: SealOptions | (() => MaybePromise<SealOptions>)
  /**
   * Receives events, for your log and for mails to the user. If it throws, the process warns once; nothing else
   * changes.
   */
  onEvent?: (event: CountersignEvent) => void
  /** An audit log, as `auditTo(store)` makes it. See docs/audit.md. Default: none is written. */
  audit?: AuditLog
  /**
   * Says what each user has to have enrolled, and until when. `enforcement()` and `report()` ask it, and so does
   * `countersign/http`. What it throws is the `cause` of a `store-failed`. See docs/enforcement.md. Default: nobody has to
   * enrol anything.
   */
  policy?: Policy
  /** The clock: returns epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** Keys that never reach the store, so that reading the store alone is worth nothing (AES-256-GCM). */
export interface SealOptions {
  /** The first key seals, all of them open. Every process needs the same. 1 to 100. */
  keys: SealKey[]
  /**
   * What to do with a text that is not sealed. `refuse`: `record-sealed`. `accept`: read it, and seal it when it is written
   * next. Only while you seal an existing store: anyone who can write to the store can put a record of their own there. Default
   * `refuse`.
   */
  plain?: 'refuse' | 'accept'
}

export interface SealKey {
  /** Stands in every text that is sealed with it: 1 to 32 characters of `A-Z a-z 0-9 _ -`. */
  id: string
  /** 32 random bytes, as a `Uint8Array` or base64url text. */
  key: Uint8Array | string
}

/** TOTP (RFC 6238). Every app supports the defaults, and many support nothing else. */
export interface TotpOptions {
  /** How many steps before and after the present one are accepted. Default 1 each way. */
  window?: TotpWindow
  /** For new enrolments. Default `SHA1`. */
  algorithm?: TotpAlgorithm
  /** For new enrolments, 6 to 8. Default 6. */
  digits?: number
  /** For new enrolments, seconds. Default 30. */
  period?: number
  /** The issuer that apps show beside the account. Default `rp.name`. */
  issuer?: string
}

export interface WebauthnOptions {
  /** Enforced on the server. Default `discouraged`: no PIN prompt for a second factor. */
  userVerification?: UserVerification
  /** The algorithms that new credentials may use, the preferred one first. Default -8, -7, -257. */
  algorithms?: CoseAlgorithm[]
  /**
   * With any other value than `none`, a statement that can't be verified is refused. Default `direct` if `authenticators`
   * demands trusted statements, else `none`.
   */
  attestation?: AttestationConveyance
  /** The certificates, as PEM text or DER bytes, that an attestation's chain may end in. */
  trustAnchors?: (string | Uint8Array)[]
  /** What attestation statements of single formats have to meet. */
  attestationPolicy?: AttestationPolicy
  /**
   * What FIDO says about models of authenticators: what `Metadata.verify()` resolved with, or a function that returns the
   * newest one. Its roots are trust anchors of their models, models that it forbids can't be enrolled, and it names models
   * that `modelName` doesn't know. See docs/metadata.md. Default: nothing is known of models.
   */
  metadata?: Metadata | (() => Metadata | undefined)
  /** Which authenticators may be enrolled. Default: all. */
  authenticators?: AuthenticatorOptions
  /** What to do when a signature counter doesn't grow (WebAuthn Level 3, 6.1.1). Default `refuse`. */
  counter?: 'refuse' | 'report'
  /** Which cross-origin frames are allowed. Default: none. */
  crossOrigin?: CrossOrigin
  /**
   * Sign-ins without a user name or password. `false`: `challenge()` without a user throws, and `verifyPasskey` refuses.
   * Default true if the store or `challengeKey` gives a key for them.
   */
  passkeys?: boolean
  /** What to do with signed extension outputs that nobody asked for. Default `ignore`. */
  unsolicitedExtensions?: UnsolicitedExtensions
  /**
   * Names the model of an authenticator by its AAGUID, for `model` of a factor: `authenticatorName` of
   * `countersign/authenticators`, or a function of yours. It returns 1 to 255 characters, or `undefined`. Anything else is
   * no name, and what it throws is ignored. Default: the names in `metadata`.
   */
  modelName?: ModelName
}

export type ModelName = (aaguid: string) => string | undefined

/**
 * Accepts U2F keys of an older system. In a browser they answer the WebAuthn challenge (`appid` extension). Other
 * clients answer the U2F challenge. Without this option, or in calls with another `rp.id`, they are neither offered nor
 * accepted.
 */
export interface U2fOptions {
  /**
   * The appId that the keys were registered for: an `https` URL or an origin, character for character. Nothing is
   * fetched. Browsers only accept `https` on the page's own site.
   */
  appId: string
  /** The exact origins that are allowed in U2F's own messages. Default: those of the relying party. */
  facets?: string[]
}

/** Verifies Yubico OTPs with the keys' own secrets. Without this option, they are neither offered, accepted nor enrolled. */
export interface YubicoOptions {
  /**
   * Returns the secrets of a key, `{ key, uid }`, by its public id (lower case). It is called for a key that the user has,
   * enrols or imports. It may refuse a key to a user: if it returns `undefined`, the key can't be enrolled or imported
   * (`unknown-key`), and an OTP is refused but not counted as wrong. A key without its private id (`uid`) is an
   * `invalid-argument`. What it throws is the `cause` of a `store-failed`.
   */
  secrets: (publicId: string, user: string) => MaybePromise<YubicoSecrets | null | undefined>
}

type MaybePromise<T> = T | Promise<T>

export interface LimitOptions {
  /**
   * How many wrong TOTP codes in a row lock a user's TOTP until a recovery code, a security key or an administrator
   * unlocks it, 1 to 100. Default 8. Yubico OTPs have a count of their own with the same limit.
   */
  totpFailures?: number
  /** How many wrong typed codes in a row lock all typed codes, 1 to 100 (NIST SP 800-63B-4, 3.2.2). Default 100. */
  failures?: number
  /** How long that lock lasts, seconds. Default 3600. */
  lockSeconds?: number
  /**
   * `hour`: it ends after `lockSeconds`. `until-unlock`: only an unlock or a WebAuthn success ends it. Default `hour`.
   */
  hardLock?: 'hour' | 'until-unlock'
  /** How many factors a user may have, 1 to 256. Default 32. */
  factors?: number
}

export interface AssuranceOptions {
  /**
   * When `amr` has `hwk`, a key in hardware. `attested`: if a trusted attestation says so. `claimed`: also for WebAuthn keys
   * that say they are device-bound, U2F keys and Yubico OTP, which nobody vouches for. `hardwareBound` and `phrh` always need
   * the attestation. Default `attested`.
   */
  hwk?: Hardware
}

/** How long ceremonies stay open, in seconds, 1 to 86400. */
export interface TimeoutOptions {
  /** Default 300. */
  signIn?: number
  /** Default 300. */
  webauthnEnrolment?: number
  /** Default 900. */
  totpEnrolment?: number
}

export interface ImportRecordOptions {
  /** Also replace the record of a user who has other factors. Default false. */
  replace?: boolean
}

/** For hosts with several relying parties: the one that this call is for. Default: that of `open()`. */
export interface RpOption {
  rp?: RelyingParty
}

/** Binds a ceremony to the host's session: what begins in one session can't be finished in another. */
export interface SessionOption {
  /**
   * Any text that stays the same from begin to finish, at most 1024 bytes, such as the id of the pending session. The
   * store only gets its SHA-256.
   */
  session?: string
}

/** Options that finish an enrolment. */
export interface FinishOptions extends SessionOption {
  /**
   * The user's name for the factor, which may come straight from the client: at most 255 characters, no control
   * characters, no bidirectional controls (`Bidi_Control`), no tag characters (U+E0000 to U+E007F). Any other value is
   * refused as `malformed`.
   */
  description: string
  /** Refuses if the user already has a factor, checked in the same atomic change. For enrolment during a sign-in. */
  firstOnly?: boolean
  /**
   * What a factor of the user has to be able to prove after this, checked in the same atomic change. Otherwise the new factor
   * is `authenticator-refused`, and nothing is written. A typed code proves none of it. Default: nothing.
   */
  require?: Requirement
}

export interface BeginTotpOptions extends RpOption, SessionOption {
  /** The account that the app shows: a name or an address, without a colon. */
  account: string
  /** Default: `totp.issuer` of `open()`, else `rp.name`. */
  issuer?: string
}

export interface FinishTotpOptions extends FinishOptions {
  /** The one that `beginTotp` returned. It may pass through the page: a wrong one is refused. */
  enrolment: unknown
  /** What the user typed, as text. */
  code: unknown
}

export interface EnrolYubicoOptions extends Omit<FinishOptions, 'session'> {
  /** What the key typed, as text. */
  code: unknown
}

/**
 * Options of `reset`. All of them may come straight from the client: a value of another shape, or with other members,
 * is refused as `malformed`.
 */
export interface ResetOptions {
  /** The code from the app, as text. */
  totp: unknown
  /** A recovery code, as text. */
  recovery: unknown
  /** Ids of the lost factors. Default: every WebAuthn, U2F and Yubico key. Unknown ids change nothing. */
  remove?: string[]
}

/** Options of `recover`. All of them may come straight from the client, as in {@link ResetOptions}. */
export interface RecoverOptions {
  /** A recovery code, as text. */
  recovery: unknown
  /** Ids of the lost factors. Default: every other factor. Unknown ids change nothing. */
  remove?: string[]
}

export interface BeginWebauthnOptions extends RpOption, SessionOption {
  /** The account, as the user knows it: an address or a user name. */
  name: string
  displayName: string
  /**
   * `second-factor`: a touch is enough, and a security key doesn't need to store anything. `passkey`: can sign in
   * without a user name. The authenticator stores it, and asks for a PIN or a fingerprint. Default `second-factor`. The
   * two options below override it.
   */
  use?: 'second-factor' | 'passkey'
  /** Default: that of `open()`. For a passkey `required`, or `preferred` if it is created without a dialog. */
  userVerification?: UserVerification
  /** Default `discouraged`; for a passkey `required`. */
  residentKey?: ResidentKey
  authenticatorAttachment?: AuthenticatorAttachment
  hints?: Hint[]
  /** The formats of attestation statements that you prefer (WebAuthn Level 3, 5.4.7). */
  attestationFormats?: string[]
  /** What the authenticator signs about them is verified, and in `extensions` of what `finishWebauthn` resolves with. */
  extensions?: Omit<RegistrationExtensions, 'appidExclude'>
  /**
   * For conditional create (WebAuthn Level 3, 5.1.3), where the user's presence may not be tested. A passkey that did not
   * verify its user then is a second factor until it does so beside a password. Default false.
   */
  conditional?: boolean
}

export interface FinishWebauthnOptions extends FinishOptions, RpOption {
  /** The `RegistrationResponseJSON` of the browser, as an object or as JSON text. */
  response: unknown
}

export interface VerifyOptions extends RpOption, SessionOption, RequireOption, FirstFactorOption {
  /** The purpose that the challenge was created for. Default `sign-in`. */
  purpose?: Purpose
  /**
   * Remembers this browser for 30 days, if the answer is right: see `token` of the outcome. Ask the person first. Only for
   * a sign-in.
   */
  remember?: RememberOptions
}

export interface RememberOptions {
  /**
   * What the list of browsers calls it, such as `Firefox on Linux`. It may come from the client: control characters
   * become blanks, other hidden ones are left out, and it is cut at 255 characters. Default: empty.
   */
  label?: string
}

/** A browser that may be remembered. */
export interface BrowserOption {
  /** The token from the browser's cookie. Any value is accepted: one that is no token of this user is ignored. */
  browser: unknown
}

export interface ChallengeOptions extends Omit<VerifyOptions, 'remember'> {
  /**
   * True if the host knows that this user is enrolled. A missing record is then an error (`record-missing`), not a way
   * in. If the last factor was removed by this service, `challenge` resolves with `null` all the same: the record says so
   * (`removed` in {@link Status}). Default false.
   */
  enrolled?: boolean
  /**
   * What the authenticator signs about them is verified, and in `extensions` of the outcome. Salts of `prf.evalByCredential` for
   * credentials that aren't offered are left out.
   */
  extensions?: Omit<AuthenticationExtensions, 'appid'>
  hints?: Hint[]
}

/** For sign-ins without a user name. */
export interface PasskeyOptions extends RpOption, SessionOption, RequireOption {
  /** Pass the same to `challenge` and `verifyPasskey`: these challenges are not stored. */
  extensions?: Pick<AuthenticationExtensions, 'getCredBlob'> & {
    prf?: Pick<NonNullable<AuthenticationExtensions['prf']>, 'eval'>
    largeBlob?: { read: true }
  }
  hints?: Hint[]
}

/** The same for `verifyPasskey`. */
export interface VerifyPasskeyOptions extends Omit<PasskeyOptions, 'require'> {
  /**
   * As in {@link RequireOption}. A function gets the user, who is known only by the answer. It is called for a right answer
   * alone, before anything is written.
   */
  require?: Requirement | ((user: string) => Requirement | Promise<Requirement>)
}

/** For the assurance of a sign-in. */
export interface FirstFactorOption {
  /**
   * What the user proved before: values of RFC 8176 such as `['pwd']`, or `['mfa']` if an identity provider saw two factors.
   * They become part of {@link Assurance.amr}. At most 8. Default: none, so the answer counts alone.
   */
  firstFactor?: string[]
}

export interface RequireOption {
  /**
   * What the answer has to prove. One that can't is `rejected`, and nothing is counted, used up or written. If the challenge
   * and the call that verifies its answer require something, both count. Default: nothing.
   */
  require?: Requirement
}

/** Where a call comes from. */
export interface FromOption {
  /**
   * For events and the audit log, such as `203.0.113.7, Firefox on Linux`. It may come from the client: control characters
   * become blanks, other hidden ones are left out, and it is cut at 255 characters. Never a secret.
   */
  from?: string
}

export interface EnforcementOptions extends RpOption {
  /** The assurance of the user's session. The policy receives it. */
  assurance?: Assurance
}

/** Options of a change by an administrator. */
export interface ByOption {
  /**
   * Who makes this change, for events and the mark of a removed last factor: 1 to 255 characters, with the rules of
   * {@link FinishOptions.description}. Never a secret.
   */
  by?: string
}

export interface UpdateFactorOptions {
  /** As in {@link FinishOptions}. */
  description?: string
  enable?: boolean
}

export interface ResealOptions {
  /** Called after every 100 records, and at the end. */
  onProgress?: (progress: ResealProgress) => void
}

export interface ResealProgress {
  /** Records that were looked at so far. */
  records: number
  /** Those of them that were sealed again. */
  resealed: number
}

export interface UsersPageOptions {
  /** The `next` of the previous page. */
  after?: string
  /** How many users a page has, 1 to 1000. Default 100. */
  limit?: number
}
