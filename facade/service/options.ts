import type { Purpose } from './challenge.js'
import type { CountersignEvent } from './event.js'
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

/** What `Countersign.open()` takes. Unknown members are refused: a misspelt one must not weaken anything. */
export interface OpenOptions {
  rp: RelyingParty
  /** One store for both, or two engines. The service never closes it. */
  store: Store | { users: UserStore; challenges: ChallengeStore }
  totp?: TotpOptions
  webauthn?: WebauthnOptions
  u2f?: U2fOptions
  yubico?: YubicoOptions
  recovery?: {
    /** Codes a set, 1 to 100. Default 10. */
    codes?: number
  }
  limits?: LimitOptions
  timeouts?: TimeoutOptions
  /** For the log and for mails to the user. What it throws is warned of once and changes nothing. */
  onEvent?: (event: CountersignEvent) => void
  /** The clock: epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** RFC 6238. The defaults are what every phone app knows; many know nothing else. */
export interface TotpOptions {
  /** Default 1: one step each way. */
  window?: TotpWindow
  /** For new enrolments. Default `SHA1`. */
  algorithm?: TotpAlgorithm
  /** For new enrolments, 6 to 8. Default 6. */
  digits?: number
  /** For new enrolments, seconds. Default 30. */
  period?: number
  /** What phone apps show beside the account. Default `rp.name`. */
  issuer?: string
}

export interface WebauthnOptions {
  /** Enforced on the server. Default `discouraged`: as a second factor, no PIN prompt. */
  userVerification?: UserVerification
  /** What new credentials may use, the preferred one first. Default -8, -7, -257. */
  algorithms?: CoseAlgorithm[]
  /** Default `none`. Any other refuses a statement that can't be verified. */
  attestation?: AttestationConveyance
  /** Certificates, PEM text or DER bytes, that an attestation's chain may end in. */
  trustAnchors?: (string | Uint8Array)[]
  /** A signature counter that does not grow (WebAuthn Level 3, 6.1.1): refuse, or report it. Default `refuse`. */
  counter?: 'refuse' | 'report'
  /** Default: refused. */
  crossOrigin?: CrossOrigin
}

/**
 * Keeps U2F keys of an older system alive. In a browser they answer the WebAuthn challenge (`appid` extension), other
 * clients the U2F one. Without this they are neither offered nor accepted; nor are they in calls with another `rp.id`.
 */
export interface U2fOptions {
  /**
   * What the keys were registered for: an `https` URL or an origin, character for character. Nothing is fetched.
   * Browsers take `https` alone, of the page's own site.
   */
  appId: string
  /** Exact origins that may speak for it in U2F's own messages. Default: those of the relying party. */
  facets?: string[]
}

/** Validates Yubico OTPs with the keys' own secrets. Without this they are neither offered nor accepted. */
export interface YubicoOptions {
  /**
   * Finds the secrets of a key by its public id (lower case); asked only for a key that the user has. `undefined`: they
   * are not to be had, and the OTP is refused and not counted. What it throws is the `cause` of a `store-failed`.
   */
  secrets: (publicId: string, user: string) => MaybePromise<YubicoSecrets | undefined>
}

type MaybePromise<T> = T | Promise<T>

export interface LimitOptions {
  /** Wrong TOTP codes in a row that lock a user's TOTP until something stronger lifts it, 1 to 100. Default 8. */
  totpFailures?: number
  /** Wrong typed codes in a row that lock all of them, 1 to 100 (NIST SP 800-63B-4, 3.2.2). Default 100. */
  failures?: number
  /** How long that lock lasts, seconds. Default 3600. */
  lockSeconds?: number
  /** `hour`: it lifts after `lockSeconds`; `until-unlock`: an unlock or a WebAuthn success lifts it. Default `hour`. */
  hardLock?: 'hour' | 'until-unlock'
  /** Factors a user, 1 to 256. Default 32. */
  factors?: number
}

/** Seconds, 1 to 86400. */
export interface TimeoutOptions {
  /** Default 300. */
  signIn?: number
  /** Default 300. */
  webauthnEnrolment?: number
  /** Default 900. */
  totpEnrolment?: number
}

/** For hosts that serve several relying parties: the one that this call is for. Default: the one given to `open()`. */
export interface RpOption {
  rp?: RelyingParty
}

/** Binds a ceremony to the host's session, if given: what was begun in one can't be finished in another. */
export interface SessionOption {
  /**
   * Any text that stays the same from begin to finish, at most 1024 bytes; such as the id of the pending session. The
   * store gets no more of it than its SHA-256.
   */
  session?: string
}

/** How an enrolment ends. */
export interface FinishOptions extends SessionOption {
  /** What the user calls it: at most 255 characters, no control characters. */
  description: string
  /** Refuse if there is a factor already, checked in the same atomic change: for enrolment during a sign-in. */
  firstOnly?: boolean
}

export interface BeginTotpOptions extends RpOption, SessionOption {
  /** What the phone app shows: a name or an address, without a colon. */
  account: string
  /** Default: `totp.issuer` of `open()`, else `rp.name`. */
  issuer?: string
}

export interface FinishTotpOptions extends FinishOptions {
  /** The one that `beginTotp` gave. It may come back through the page: a wrong one is refused. */
  enrolment: unknown
  /** What the person typed, as text. */
  code: unknown
}

/** What `reset` needs: two factors that are still there. Both codes may come from outside. */
export interface ResetOptions {
  /** The code of the phone app, as text. */
  totp: unknown
  /** A recovery code, as text. */
  recovery: unknown
  /** Ids of the factors that were lost. Default: every key, be it WebAuthn, U2F or Yubico. Unknown ids change nothing. */
  remove?: string[]
}

/** What `recover` needs: a recovery code, which may come from outside. */
export interface RecoverOptions {
  /** A recovery code, as text. */
  recovery: unknown
  /** Ids of the factors that were lost. Default: every other factor. Unknown ids change nothing. */
  remove?: string[]
}

export interface BeginWebauthnOptions extends RpOption, SessionOption {
  /** The account, as the person knows it: an address or a user name. */
  name: string
  displayName: string
  /**
   * `second-factor`: a touch is enough, and a security key needs to keep nothing. `passkey`: signs in without a user
   * name, so the authenticator keeps it, and asks for a PIN or a fingerprint. Default `second-factor`. The two options
   * below go before it.
   */
  use?: 'second-factor' | 'passkey'
  /** Default: that of `open()`; for a passkey `required`, or `preferred` where it is made without a dialog. */
  userVerification?: UserVerification
  /** Default `discouraged`; for a passkey `required`. */
  residentKey?: ResidentKey
  authenticatorAttachment?: AuthenticatorAttachment
  hints?: Hint[]
  /** For conditional create (WebAuthn Level 3, 5.1.3), where the user's presence may not be tested. Default false. */
  conditional?: boolean
}

export interface FinishWebauthnOptions extends FinishOptions, RpOption {
  /** The `RegistrationResponseJSON` of the browser, as an object or as JSON text. */
  response: unknown
}

export interface VerifyOptions extends RpOption, SessionOption {
  /** Default `sign-in`; the one that the challenge was made for. */
  purpose?: Purpose
}

export interface ChallengeOptions extends VerifyOptions {
  /** The host knows this user to be enrolled: a missing record is an error then, not a way in. Default false. */
  enrolled?: boolean
}

/** For sign-ins without a user name. */
export interface PasskeyOptions extends RpOption, SessionOption {}

export interface UpdateFactorOptions {
  /** At most 255 characters, no control characters. */
  description?: string
  enable?: boolean
}

export interface UsersPageOptions {
  /** The `next` of the page before. */
  after?: string
  /** Users a page, 1 to 1000. Default 100. */
  limit?: number
}
