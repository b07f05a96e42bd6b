import { flag, ifGiven, invalid, integer, listOf, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { jsonText } from '../shared/json.js'
import type { Hardware } from './assurance.js'
import type { Policy } from './duty.js'
import type {
  AssuranceOptions,
  LimitOptions,
  ModelName,
  OpenOptions,
  TimeoutOptions,
  TotpOptions,
  U2fOptions,
  WebauthnOptions,
  YubicoOptions,
} from './options.js'
import { attestationRules, checkAttestationPolicy } from '../stateless/attestation-policy.js'
import { authenticatorRules, checkAuthenticators } from '../stateless/authenticators.js'
import { bindingOf } from '../stateless/metadata.js'
import type { Metadata } from '../stateless/metadata.js'
import { checkUnsolicited } from '../stateless/extensions.js'
import type { UnsolicitedExtensions } from '../stateless/extensions.js'
import {
  checkAlgorithms,
  checkAttestation,
  checkCounter,
  checkCrossOrigin,
  checkDigits,
  checkPeriod,
  checkTotpAlgorithm,
  checkTrustAnchors,
  checkUserVerification,
  checkWindow,
  withoutHint,
} from '../stateless/policy.js'
import type { RelyingParty } from '../stateless/policy.js'
import { isRequired } from './audit.js'
import type { AuditLog } from './audit.js'
import { noRelyingParty } from './no-relying-party.js'
import { challengeKeyOf, checkSecretKey, secretKey } from './challenge-key.js'
import type { ChallengeKey } from './challenge-key.js'
import { checkIssuer, checkUsableRp } from './usable-rp.js'
import { checkSealSource } from './seal-keys.js'
import type { SealSource } from './seal-keys.js'
import { originKeysOnly } from '../stores/origin-keys.js'
import type { ChallengeStore, UserStore } from '../stores/traits.js'
import type { UserVerification } from '../stateless/webauthn-json.js'

/** The options of `open()`, checked, with every default filled in. */
export interface Settings {
  rp: RelyingParty
  /** What imported credentials are noted as; `undefined`: the relying party is a stand-in. */
  rpId: string | undefined
  /** The core's settings text for a relying party. */
  textFor(rp: RelyingParty): string
  /** What phone apps show, where it is not the relying party's name. */
  issuer: string | undefined
  recoveryCodes: number
  /** Of WebAuthn, where an operation says nothing else. */
  userVerification: UserVerification
  yubicoSecrets: YubicoOptions['secrets'] | undefined
  /** When an assurance has `hwk`. */
  hardware: Hardware
  /** Whether keys of U2F are accepted. */
  u2f: boolean
  users: UserStore
  challenges: ChallengeStore
  /** What user handles are made with; `undefined`: each registration that is begun makes its own. */
  handles: ChallengeKey | undefined
  /** What the challenges of passkeys are authenticated with; `undefined`: nobody signs in without a user name. */
  passkeys: ChallengeKey | undefined
  /** What names the models of authenticators. */
  modelName: ModelName | undefined
  /** What is known of models of authenticators now; `undefined`: nothing, ever. */
  metadata: (() => Metadata | undefined) | undefined
  /** What to do with signed extension outputs that nobody asked for. */
  unsolicitedExtensions: UnsolicitedExtensions | undefined
  /** The keys that records and challenges are sealed with; `undefined`: they are not. */
  seal: SealSource | undefined
  onEvent: OpenOptions['onEvent']
  audit: AuditLog | undefined
  /** Who has to enrol what; `undefined`: nobody has to. */
  policy: Policy | undefined
  now: () => number
}

export function checkSettings(options: unknown): Settings {
  const checked = checkOptions(options, '')
  const { rp, store, totp, webauthn, u2f, yubico, recovery, limits, timeouts, onEvent, now = Date.now } = checked
  const { passkeys, modelName, metadata, authenticators, unsolicitedExtensions, ...ceremonies } = webauthn ?? {}
  const { rules, attestation } = authenticatorRules(authenticators, ceremonies.attestation, metadata !== undefined, 'webauthn.')
  // What belongs to another program, that program has to read.
  if (checked.seal !== undefined && store.originKeysOnly) throw invalid('seal', 'left out: a tfaConfigStore cannot be sealed')
  if (totp?.issuer === undefined) checkIssuer(rp.name, 'rp.name')
  else checkIssuer(totp.issuer, 'totp.issuer')
  const policy = {
    totp: { ...totpDefaults, ...totp },
    webauthn: {
      ...webauthnDefaults,
      ...ceremonies,
      attestation,
      // The metadata's roots are trust anchors, too.
      attestationPolicy: attestationRules({ ...(metadata && { attestationPolicy: {} }), ...webauthn, attestation }),
      authenticators: rules,
      originKeysOnly: store.originKeysOnly,
    },
    recovery: { codes: 10, ...recovery },
    limits: { ...limitDefaults, ...limits },
    timeouts: { ...timeoutDefaults, ...timeouts },
    yubico: yubico !== undefined,
  }
  // A browser refuses the whole ceremony where the appid is another site's.
  const u2fFor = (party: RelyingParty) => (party.id === rp.id ? u2f : undefined)
  const textFor = (party: RelyingParty) => jsonText({ rp: withoutHint({ ...party }), ...policy, u2f: u2fFor(party) })
  const yubicoSecrets = yubico?.secrets
  const { users, challenges } = store
  const { userVerification } = policy.webauthn
  const recoveryCodes = policy.recovery.codes
  const key = challengeKeyOf(checked.challengeKey, challenges)
  return {
    rp, rpId: Object.hasOwn(Object(options), noRelyingParty) ? undefined : rp.id,
    textFor, recoveryCodes, userVerification, yubicoSecrets, users, challenges, onEvent, now,
    issuer: totp?.issuer,
    u2f: u2f !== undefined,
    hardware: checked.assurance?.hwk ?? 'attested',
    handles: key,
    passkeys: passkeysOf(passkeys, key),
    modelName, metadata, unsolicitedExtensions,
    seal: checked.seal,
    audit: checked.audit,
    policy: checked.policy,
  }
}

/** On where there is a key for it. Asked for without one, nobody could ever sign in by it. */
function passkeysOf(wanted: boolean | undefined, key: ChallengeKey | undefined): ChallengeKey | undefined {
  if (wanted === true && !key) throw invalid('challengeKey', `${secretKey} (this store keeps none)`)
  return wanted === false ? undefined : key
}

const totpDefaults = { window: { past: 1, future: 1 }, algorithm: 'SHA1', digits: 6, period: 30 }
const webauthnDefaults = {
  userVerification: 'discouraged' as UserVerification,
  algorithms: [-8, -7, -257],
  trustAnchors: [],
  counter: 'refuse',
}
const limitDefaults = { totpFailures: 8, failures: 100, lockSeconds: 3600, hardLock: 'hour', factors: 32 }
const timeoutDefaults = { signIn: 300, webauthnEnrolment: 300, totpEnrolment: 900 }

const userMethods = ['read', 'update', 'owner', 'users']
const challengeMethods = ['put', 'take', 'clear']

interface Stores {
  users: UserStore
  challenges: ChallengeStore
  originKeysOnly: boolean
}

const checkStore: Check<Stores> = (value, name) => {
  if (typeof value !== 'object' || value === null) throw invalid(name, 'a store such as directoryStore(path), or { users, challenges }')
  // A store is an instance of some class: its methods are inherited, and `users` is one of them.
  const { users, challenges } = value as { users?: unknown; challenges?: unknown }
  const both = typeof users === 'function' || (users === undefined && challenges === undefined)
  const forUsers: UserStore = implementing(both ? value : users, userMethods, both ? name : `${name}.users`)
  return {
    users: forUsers,
    challenges: implementing(both ? value : challenges, challengeMethods, both ? name : `${name}.challenges`),
    originKeysOnly: Object.hasOwn(forUsers, originKeysOnly),
  }
}

function implementing<T>(value: unknown, methods: string[], name: string): T {
  const has = (method: string) => typeof (value as Record<string, unknown>)[method] === 'function'
  if (typeof value !== 'object' || value === null || !methods.every(has)) {
    throw invalid(name, `a store with the methods ${methods.join(', ')}`)
  }
  return value as T
}

function callback<T>(value: unknown, name: string): T {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as T
}

const checkMetadata: Check<() => Metadata | undefined> = (value, name) => {
  if (typeof value === 'function') return value as () => Metadata | undefined
  if (!bindingOf(value)) throw invalid(name, 'what Metadata.verify() resolves with (await it), or a function that returns it')
  return () => value as Metadata
}

const checkAudit: Check<AuditLog> = (value, name) => {
  if (isRequired(value) === undefined) throw invalid(name, 'what auditTo(store) returns')
  return value as AuditLog
}

const seconds = integer(1, 86_400)

interface CheckedOptions extends Omit<OpenOptions, 'store' | 'totp' | 'webauthn' | 'challengeKey' | 'seal'> {
  challengeKey?: string
  seal?: SealSource
  store: Stores
  totp?: Omit<TotpOptions, 'window'> & { window?: { past: number; future: number } }
  webauthn?: Omit<WebauthnOptions, 'trustAnchors' | 'metadata'> & { trustAnchors?: string[]; metadata?: () => Metadata | undefined }
}

const checkOptions = object<CheckedOptions>({
  rp: checkUsableRp,
  store: checkStore,
  totp: optional(
    object<NonNullable<CheckedOptions['totp']>>({
      window: optional(checkWindow),
      algorithm: optional(checkTotpAlgorithm),
      digits: optional(checkDigits),
      period: optional(checkPeriod),
      issuer: optional(text(256)),
    }),
  ),
  webauthn: optional(
    object<NonNullable<CheckedOptions['webauthn']>>({
      userVerification: ifGiven(checkUserVerification, 'for discouraged'),
      algorithms: optional(checkAlgorithms),
      attestation: optional(checkAttestation),
      trustAnchors: optional(checkTrustAnchors),
      attestationPolicy: optional(checkAttestationPolicy),
      metadata: ifGiven(checkMetadata, 'to know nothing of models'),
      authenticators: ifGiven(checkAuthenticators, 'to accept all of them'),
      counter: optional(checkCounter),
      crossOrigin: optional(checkCrossOrigin),
      passkeys: optional(flag),
      modelName: optional(callback<ModelName>),
      unsolicitedExtensions: optional(checkUnsolicited),
    }),
  ),
  u2f: optional(
    object<U2fOptions>({ appId: text(512), facets: optional(listOf(text(512), { min: 1, max: 100 })) }),
  ),
  yubico: optional(object<YubicoOptions>({ secrets: callback<YubicoOptions['secrets']> })),
  recovery: optional(object<{ codes?: number }>({ codes: optional(integer(1, 100)) })),
  limits: optional(
    object<LimitOptions>({
      totpFailures: optional(integer(1, 100)),
      failures: optional(integer(1, 100)),
      lockSeconds: optional(integer(1, 0xffff_ffff)),
      hardLock: optional(oneOf('hour', 'until-unlock')),
      factors: optional(integer(1, 256)),
    }),
  ),
  timeouts: optional(
    object<TimeoutOptions>({
      signIn: optional(seconds),
      webauthnEnrolment: optional(seconds),
      totpEnrolment: optional(seconds),
    }),
  ),
  assurance: optional(object<AssuranceOptions>({ hwk: optional(oneOf('attested', 'claimed')) })),
  challengeKey: ifGiven(checkSecretKey, 'for a key that the store keeps'),
  seal: ifGiven(checkSealSource, 'to seal nothing'),
  onEvent: optional(callback<NonNullable<OpenOptions['onEvent']>>),
  audit: ifGiven(checkAudit, 'to write no log'),
  policy: ifGiven(callback<Policy>, 'if nobody has to enrol anything'),
  now: optional(callback<NonNullable<OpenOptions['now']>>),
})
