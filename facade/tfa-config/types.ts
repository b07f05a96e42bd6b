import type { U2fChallenge } from '../service/challenge.js'
import type { FactorType, TypedFactorType } from '../shared/factor.js'
import type { YubicoOptions } from '../service/options.js'
import type { ChallengeStore } from '../stores/traits.js'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '../stateless/webauthn-json.js'

export interface TfaConfigOptions {
  /**
   * Where open challenges live, 120 seconds each; keyed by user. Default: the memory of this thread, shared by an
   * object and its clones. A host that parses the file anew for each request gives one here.
   */
  challenges?: ChallengeStore
  /**
   * Our additions to the format are written too: failure counters, those of Yubico and U2F keys, times of use, signature
   * details. The origin refuses such a file. Default false: all of that is lost with the object, `needsSaving` is about
   * the rest alone, and what the origin's format has no place for is refused.
   */
  additions?: boolean
  /**
   * Validates Yubico OTPs with the keys' own secrets, with `additions` alone: they hold the counter by which an OTP is
   * accepted once. Without this they are offered and never accepted here.
   */
  yubico?: YubicoOptions
  /** The clock: epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

export interface TfaParseOptions extends TfaConfigOptions {
  /** A larger file is refused before it is looked at. Bytes, up to 1 GiB; default 64 MiB. */
  maxBytes?: number
}

export interface TfaExamineOptions {
  /** As for `parse`. */
  maxBytes?: number
  /** The clock: epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** What is in a file. If there is no mistake it is good, `parse` takes it, and so does the origin but for additions. */
export interface TfaExamination {
  /** Told by the first character; absent where the file is empty or no text. */
  format?: 'json' | 'lines'
  /** What is wrong with the file as a whole; quotes nothing. */
  problems: { line?: number; problem: string }[]
  /** In the file's order; those before the first mistake in the JSON itself, and the first 100,000 at most. */
  users: TfaExaminedUser[]
  /** How many users there are, or lines that should be of one; those that are not told included. */
  count: number
  /** How many problems there are: of the file and of all users, those that are not told included. */
  mistakes: number
  /** The sections that are there. */
  sections: ('u2f' | 'webauthn')[]
  /** Top-level members that nobody knows, and that are kept. */
  others: number
}

export interface TfaExaminedUser {
  /** From 1: where the user's data begins. */
  line: number
  /** Absent for a line that can't be read, and for what is no name of a user. */
  user?: string
  /** How many of each type; of `recovery`, the codes that are left. */
  factors: Partial<Record<FactorType, number>>
  /** Why `parse`, or the origin alone, refuses the file; quotes nothing. */
  problems: string[]
  /** What an administrator would want to know of a good record, in English. */
  remarks: string[]
}

export interface TfaWriteOptions {
  /** Also write our additions. Default: what the object was made with; `needsSaving` is about that. */
  additions?: boolean
  /** Also write the `webauthn` and `u2f` sections, which have another place in the origin's cluster. Default false. */
  sections?: boolean
}

/** The `webauthn` section: who asks, as the origin's configuration has it. */
export interface TfaWebauthnConfig {
  /** The domain that credentials belong to. */
  id: string
  /** The name that people read. */
  rp: string
  /** `https://host[:port]`; the path of a URL is dropped. Absent: each call gives one. */
  origin?: string
  /** Also take the pages of subdomains of the origin. Default true, as in the origin. */
  allowSubdomains?: boolean
}

/** The `u2f` section: what U2F keys were registered for. */
export interface TfaU2fConfig {
  appid: string
  /** The page's origin; that of the `appid` if absent. */
  origin?: string
}

export interface TfaOriginOption {
  /** The page's origin for this call, such as `https://host:8006`; it wins over the configured one. */
  origin?: string
}

/** One entry of a user, in the origin's JSON. */
export interface TfaEntry {
  type: FactorType
  /** A UUID; `v1-entry` after an import; `recovery`. */
  id: string
  /** Absent where it is empty. */
  description?: string
  /** Epoch seconds; 0 after an import. */
  created: number
  /** Absent where the entry is enabled. */
  enable?: false
}

/** The locks of a user, in the origin's JSON. */
export interface TfaLockStatus {
  'totp-locked'?: true
  /** Epoch seconds; absent once it has passed. */
  'tfa-locked-until'?: number
}

/** A user's entries and locks, in the origin's JSON. */
export interface TfaUser extends TfaLockStatus {
  userid: string
  entries: TfaEntry[]
}

/** Why a management call did nothing. */
export interface TfaRefused {
  ok: false
  /**
   * - `parameter`: the parameters don't go together, or one of them is unusable
   * - `not-verified`: the code or response proves nothing
   * - `exists`: the user has recovery codes, or this very credential, already
   * - `not-configured`: there is no usable section for such an entry
   * - `no-such-challenge`, `no-such-user`, `no-such-entry`
   * - `last-entry`: the last enabled entry can't be disabled, only deleted
   */
  reason:
    | 'parameter'
    | 'not-verified'
    | 'exists'
    | 'not-configured'
    | 'no-such-challenge'
    | 'no-such-user'
    | 'no-such-entry'
    | 'last-entry'
  /** The origin's own text where it has one; stable, without any input. */
  message: string
}

/** The parameters of the origin's call; which go together, each type decides. */
export interface TfaAddParameters extends TfaOriginOption {
  type: FactorType
  /** Required but for recovery codes and second steps: at most 255 characters, no control characters. */
  description?: string
  /** `totp`: the otpauth URI. */
  totp?: string
  /** `totp`: a code that proves it; `yubico`: the public id; second steps: the response, JSON text. */
  value?: string
  /** Second steps: for `webauthn` the challenge in base64url, for `u2f` all of what the first step gave. */
  challenge?: string
}

/** What adding an entry says. Always test `ok`. */
export type TfaAdded =
  | {
      ok: true
      /** `null` after the first step of a ceremony. */
      id: string | null
      /** After a first step: JSON text, `{"publicKey": ...}` or U2F's `{"challenge", "version", "appId"}`. */
      challenge?: string
      /** New recovery codes: show them now or never. */
      recovery?: string[]
    }
  | TfaRefused

/** What deleting an entry says. Always test `ok`. */
export type TfaDeleted =
  | {
      ok: true
      /** Whether the user has any entry left, recovery codes included; with the last one the user went. */
      left: boolean
    }
  | TfaRefused

/** What a user may answer with, in the origin's JSON: what is false or missing is left out. */
export interface TfaChallenge {
  totp?: true
  /** Places of the unused codes; empty for a set that is used up. */
  recovery?: number[]
  webauthn?: { publicKey: PublicKeyCredentialRequestOptionsJSON }
  u2f?: U2fChallenge
  yubico?: true
  /** Not the origin's: types that are refused now after too many wrong codes, and so not offered. */
  locked?: TypedFactorType[]
}

/** What the page gets from the first step of a WebAuthn registration, parsed. */
export interface TfaRegistrationChallenge {
  publicKey: PublicKeyCredentialCreationOptionsJSON
}

/** What verifying an answer says, to the host: only `result` and `reason` are for the client. Always test `result`. */
export type TfaResult = TfaAccepted | TfaRejected

interface TfaEffects {
  /** Something changed of what `write()` writes: write it, whatever `result` says. */
  needsSaving: boolean
  /** This answer was the one wrong TOTP code too many. */
  totpLimitReached: boolean
  /** This answer was the one wrong code too many, of any type. */
  tfaLimitReached: boolean
}

export interface TfaAccepted extends TfaEffects {
  result: true
  /** The entry that answered. */
  factor: { id: string; type: FactorType; description?: string }
  /** WebAuthn: whether the authenticator verified the person. */
  userVerified?: boolean
  /** Recovery codes: how many are left. */
  recoveryCodesLeft?: number
}

export interface TfaRejected extends TfaEffects {
  result: false
  reason: 'rejected' | 'malformed' | 'locked'
  /** Why, for the host's log; a client would learn from it whether a code was right. */
  log?: string
}

/** A user in the terms of the old line format. Holds secrets. */
export type TfaLegacyUser =
  | { type: 'u2f'; keyHandle: string; publicKey: string }
  /** `keys`: `v2-0x...` for each secret, separated by spaces; `step` in seconds. */
  | { type: 'oath'; keys: string; config: { digits: number; step: number } }
  | { type: 'yubico'; keys: string }
  /** The user has entries, and none that old programs know: they must not let the user in. */
  | { type: 'incompatible' }
