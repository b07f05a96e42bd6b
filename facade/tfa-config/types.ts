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
   * The store for open challenges, which live for 120 seconds and are keyed by user. Default: the memory of this
   * thread, shared by an object and its clones. Pass one if you parse the file for each request.
   */
  challenges?: ChallengeStore
  /**
   * Also writes our additions to the format: failure counters, counters of Yubico and U2F keys, times of use,
   * signature details. Proxmox refuses such a file. Default false: all of this is lost with the object, `needsSaving`
   * only covers the rest, and keys that Proxmox's format has no place for are refused.
   */
  additions?: boolean
  /**
   * Verifies Yubico OTPs with the keys' own secrets. It needs `additions`, because they hold the counter by which an
   * OTP is accepted once. Without this option, OTPs are offered but never accepted here.
   */
  yubico?: YubicoOptions
  /** The clock: epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

export interface TfaParseOptions extends TfaConfigOptions {
  /** The largest file that is accepted, in bytes, up to 1 GiB. Default 64 MiB. */
  maxBytes?: number
  /** Accepts JSON only, so that an empty file is an error. Default false: an empty file has no users. */
  json?: boolean
}

export interface TfaExamineOptions {
  /** As for `parse`. */
  maxBytes?: number
  /** As for `parse`. */
  json?: boolean
  /** The clock: epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/**
 * The contents of a file. If there are no mistakes, `parse` can read and use all of it. Proxmox accepts it too, if it has
 * no additions.
 */
export interface TfaExamination {
  /** By the first character; absent if the file is empty or not text. */
  format?: 'json' | 'lines'
  /** What is wrong with the file as a whole. Never quotes its contents. */
  problems: { line?: number; problem: string }[]
  /** In the file's order: those before the first mistake in the JSON itself, and at most 100,000. */
  users: TfaExaminedUser[]
  /** The number of all users, or of lines that should be one, also those that are not listed. */
  count: number
  /** The number of all problems of the file and its users, also those that are not listed. */
  mistakes: number
  /** The sections in the file. */
  sections: ('u2f' | 'webauthn')[]
  /** The number of unknown top-level members, which are kept. */
  others: number
}

export interface TfaExaminedUser {
  /** The line where the user's data begins, from 1. */
  line: number
  /** Absent if a line doesn't name its user, or if it isn't a valid user name. */
  user?: string
  /** How many of each type that can be used; for `recovery`, the number of unused codes. */
  factors: Partial<Record<FactorType, number>>
  /** What can't be used here, and why Proxmox refuses the file. Never quotes its contents. */
  problems: string[]
  /** What an administrator should know about a valid record, in English. */
  remarks: string[]
}

export interface TfaWriteOptions {
  /** Also writes our additions. Default: as the object was created, which is also what `needsSaving` covers. */
  additions?: boolean
  /**
   * Whether to write the `webauthn` and `u2f` sections. In a Proxmox cluster they are stored elsewhere. Default: those
   * that the file had when it was parsed.
   */
  sections?: boolean
  /**
   * What to do if the file came with a part that Proxmox refuses, and with it the whole file: `'fail'` writes nothing,
   * `'keep'` writes the part as it came. `examine` names such parts. Only without `additions`. Default `'fail'`.
   */
  refused?: 'fail' | 'keep'
}

/** The `webauthn` section: the relying party, as in Proxmox's configuration. */
export interface TfaWebauthnConfig {
  /** The domain that credentials belong to. */
  id: string
  /** The name that users see. */
  rp: string
  /** `https://host[:port]`; the path of a URL is dropped. If absent, each call must pass one. */
  origin?: string
  /** Also accepts the pages of subdomains of the origin. Default true, as in Proxmox. */
  allowSubdomains?: boolean
}

/** The `u2f` section: the appid that U2F keys were registered for. */
export interface TfaU2fConfig {
  appid: string
  /** The page's origin. Default: that of the `appid`. */
  origin?: string
}

export interface TfaOriginOption {
  /** The page's origin for this call, such as `https://host:8006`. It overrides the configured one. */
  origin?: string
}

/** One entry of a user, in Proxmox's JSON. */
export interface TfaEntry {
  /** `unknown` for something unusable that doesn't say what it is. */
  type: FactorType | 'unknown'
  /** A UUID; `v1-entry` after an import; `recovery`; `unusable-1` and so on for what has no id of its own. */
  id: string
  /** Absent where it is empty. */
  description?: string
  /** Epoch seconds; 0 after an import. */
  created: number
  /** Absent where the entry is enabled. */
  enable?: false
  /** Ours: it can't be read or used here, only deleted. */
  unusable?: true
}

/** The locks of a user, in Proxmox's JSON. */
export interface TfaLockStatus {
  'totp-locked'?: true
  /** Epoch seconds; absent once it has passed. */
  'tfa-locked-until'?: number
  /** Ours: Yubico OTPs are refused, after eight wrong ones in a row. */
  'yubico-locked'?: true
}

/** A user's entries and locks, in Proxmox's JSON. */
export interface TfaUser extends TfaLockStatus {
  userid: string
  entries: TfaEntry[]
}

/** Why a management call changed nothing. */
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
  /** Proxmox's own text if it has one. It is stable and contains no input. */
  message: string
}

/** The parameters of Proxmox's call. Each type needs different ones. */
export interface TfaAddParameters extends TfaOriginOption {
  type: FactorType
  /** Required, except for recovery codes and second steps: at most 255 characters, no control characters. */
  description?: string
  /** `totp`: the otpauth URI. */
  totp?: string
  /** For `totp`, a code of the app. For `yubico`, the public id. For second steps, the response as JSON text. */
  value?: string
  /** For second steps: the challenge in base64url (`webauthn`), or everything that the first step returned (`u2f`). */
  challenge?: string
}

/** The result of adding an entry. Always test `ok`. */
export type TfaAdded =
  | {
      ok: true
      /** `null` after the first step of a ceremony. */
      id: string | null
      /** After a first step: JSON text, `{"publicKey": ...}` or U2F's `{"challenge", "version", "appId"}`. */
      challenge?: string
      /** New recovery codes. This is the only time to show them. */
      recovery?: string[]
    }
  | TfaRefused

/** The result of deleting an entry. Always test `ok`. */
export type TfaDeleted =
  | {
      ok: true
      /** Whether the user has any entry left, including recovery codes. Deleting the last one removes the user. */
      left: boolean
    }
  | TfaRefused

/** The ways in which a user can answer, in Proxmox's JSON. Members that are false or missing are left out. */
export interface TfaChallenge {
  totp?: true
  /** Positions of the unused codes. Empty if the set is used up. */
  recovery?: number[]
  webauthn?: { publicKey: PublicKeyCredentialRequestOptionsJSON }
  u2f?: U2fChallenge
  yubico?: true
  /** Our addition: types that are locked now after too many wrong codes, and therefore not offered. */
  locked?: TypedFactorType[]
}

/** What the page gets from the first step of a WebAuthn registration, parsed. */
export interface TfaRegistrationChallenge {
  publicKey: PublicKeyCredentialCreationOptionsJSON
}

/**
 * The result of verifying an answer, for the host. Only `result` and `reason` are for the client. Always test `result`.
 */
export type TfaResult = TfaAccepted | TfaRejected

interface TfaEffects {
  /** Something that `write()` writes has changed: write the file, with any `result`. */
  needsSaving: boolean
  /** This wrong TOTP code has locked TOTP. */
  totpLimitReached: boolean
  /** This wrong code has locked all typed codes. */
  tfaLimitReached: boolean
}

export interface TfaAccepted extends TfaEffects {
  result: true
  /** The entry that gave the answer. */
  factor: { id: string; type: FactorType; description?: string }
  /** WebAuthn: whether the authenticator verified the user. */
  userVerified?: boolean
  /** Recovery codes: how many are left. */
  recoveryCodesLeft?: number
}

export interface TfaRejected extends TfaEffects {
  result: false
  reason: 'rejected' | 'malformed' | 'locked'
  /** The reason, for the host's log only: it would tell a client whether a code was right. */
  log?: string
}

/** A user in the terms of the old line format. Holds secrets. */
export type TfaLegacyUser =
  | { type: 'u2f'; keyHandle: string; publicKey: string }
  /** `keys`: `v2-0x...` for each secret, separated by spaces; `step` in seconds. */
  | { type: 'oath'; keys: string; config: { digits: number; step: number } }
  | { type: 'yubico'; keys: string }
  /** The user has entries, but none that old programs know. They must not let the user in. */
  | { type: 'incompatible' }
