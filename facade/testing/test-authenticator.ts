import { createHash, randomBytes } from 'node:crypto'

import type {
  AuthenticationResponseJSON,
  Base64URLString,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '../stateless/webauthn-json.js'
import { encodeCbor } from './cbor.js'
import type { CborValue } from './cbor.js'
import { coseNumbers, generateKey } from './software-key.js'
import type { SoftwareKey, TestAlgorithm } from './software-key.js'

export type { TestAlgorithm } from './software-key.js'

export interface TestAuthenticatorOptions {
  /** Always creates keys of this algorithm. Default: the first requested one that it supports. */
  algorithm?: TestAlgorithm
  /** Whether it verifies the user (PIN, fingerprint). Default false. */
  userVerified?: boolean
  /** Sets the backup flags (eligible and backed up), as a synchronised passkey does. Default false. */
  backupEligible?: boolean
  backupState?: boolean
  /** The first value of the signature counter; `null` for an authenticator that always says 0. Default 0. */
  signCount?: number | null
  /** The model, 16 bytes. Default: zeros. */
  aaguid?: Uint8Array
  /** Default `['usb']`. */
  transports?: string[]
  /** The id of its credential, for a test of what happens when two have the same. Default: random. */
  credentialId?: Uint8Array
}

/** What the browser and the user do in one ceremony. */
export interface CeremonyOptions {
  /** The page's origin. */
  origin: string
  /** Default: that of the authenticator. */
  userVerified?: boolean
  /** Whether the user touched it. Default true. */
  userPresent?: boolean
  /** For a page in a frame of another site. */
  crossOrigin?: boolean
  topOrigin?: string
  /** Extension outputs that it signs, such as `{ credProtect: 2 }`. Default: none. */
  extensionOutputs?: Record<string, boolean | number | string | Uint8Array>
}

export interface CreateOptions extends CeremonyOptions {
  /** `packed` is self attestation (WebAuthn Level 3, 8.2). Default `none`. */
  attestation?: 'none' | 'packed'
}

export interface GetOptions extends CeremonyOptions {
  /** Answers with this credential, even if it isn't offered. Default: the first one offered, or a resident one. */
  credentialId?: Base64URLString
}

/** A credential inside the authenticator. Set its members to test how a server reacts. */
export interface TestCredential {
  id: Base64URLString
  rpId: string
  /** base64url */
  userHandle: Base64URLString
  /** Whether it is also offered without `allowCredentials`. */
  resident: boolean
  /** `null` if it doesn't count. */
  signCount: number | null
  backupEligible: boolean
  backupState: boolean
}

/**
 * A security key in software, for tests of servers. It takes and returns JSON, in place of a browser and its
 * authenticator. Its keys are in memory. It checks little of what a browser checks, so that you can test your server's
 * own checks.
 *
 * @example
 * const key = new TestAuthenticator()
 * const response = key.create(await countersign.beginWebauthn(user, { name: 'ann', displayName: 'Ann' }), { origin })
 * const enrolled = await countersign.finishWebauthn(user, { response, description: 'test key' })
 * if (!enrolled.ok) throw new Error(enrolled.reason)
 */
export class TestAuthenticator {
  readonly #options: TestAuthenticatorOptions
  readonly #keys = new Map<Base64URLString, { credential: TestCredential; key: SoftwareKey }>()

  constructor(options: TestAuthenticatorOptions = {}) {
    this.#options = options
  }

  /** Its credentials, in the order of creation. */
  get credentials(): TestCredential[] {
    return [...this.#keys.values()].map(({ credential }) => credential)
  }

  /**
   * Registers, as `navigator.credentials.create()` does.
   *
   * @throws {DOMException} `InvalidStateError` if it has an excluded credential, `NotSupportedError` if it supports
   *   none of the algorithms
   */
  create(options: PublicKeyCredentialCreationOptionsJSON, ceremony: CreateOptions): RegistrationResponseJSON {
    if (options.excludeCredentials?.some(({ id }) => this.#keys.has(id))) throw refusal('InvalidStateError')
    const key = generateKey(this.#options.algorithm ?? firstKnown(options))
    const credential = this.#newCredential(options, ceremony)
    this.#keys.set(credential.id, { credential, key })
    const id = Buffer.from(credential.id, 'base64url')
    const cose = encodeCbor(key.cose)
    const attested = Buffer.concat([this.#options.aaguid ?? Buffer.alloc(16), uint16(id.length), id, cose])
    const header = this.#authenticatorData(credential, ceremony, flags.attestedCredentialData)
    const authData = Buffer.concat([header, attested, outputsOf(ceremony)])
    const clientData = clientDataJson('webauthn.create', options.challenge, ceremony)
    const object = attestationObject(ceremony.attestation ?? 'none', key, authData, clientData)
    const { transports = ['usb'] } = this.#options
    return {
      ...responseFrame(credential.id),
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: object.toString('base64url'),
        transports,
      },
    }
  }

  /**
   * Signs in, as `navigator.credentials.get()` does. The signature counter grows by one.
   *
   * @throws {DOMException} `NotAllowedError` if it has none of the requested credentials
   */
  get(options: PublicKeyCredentialRequestOptionsJSON, ceremony: GetOptions): AuthenticationResponseJSON {
    const held = this.#choose(options, ceremony)
    if (!held) throw refusal('NotAllowedError')
    const { credential, key } = held
    if (credential.signCount !== null) credential.signCount += 1
    const authData = Buffer.concat([this.#authenticatorData(credential, ceremony, 0), outputsOf(ceremony)])
    const clientData = clientDataJson('webauthn.get', options.challenge, ceremony)
    return {
      ...responseFrame(credential.id),
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: key.sign(Buffer.concat([authData, sha256(clientData)])).toString('base64url'),
        ...(credential.resident ? { userHandle: credential.userHandle } : {}),
      },
    }
  }

  #newCredential(options: PublicKeyCredentialCreationOptionsJSON, { origin }: CreateOptions): TestCredential {
    const { backupEligible = false, backupState = false, signCount = 0 } = this.#options
    return {
      id: Buffer.from(this.#options.credentialId ?? randomBytes(32)).toString('base64url'),
      rpId: options.rp.id ?? new URL(origin).hostname,
      userHandle: options.user.id,
      resident: ['required', 'preferred'].includes(options.authenticatorSelection?.residentKey ?? ''),
      signCount,
      backupEligible,
      backupState,
    }
  }

  #choose(options: PublicKeyCredentialRequestOptionsJSON, { credentialId, origin }: GetOptions) {
    if (credentialId !== undefined) return this.#keys.get(credentialId)
    const { allowCredentials = [], rpId = new URL(origin).hostname } = options
    const here = [...this.#keys.values()].filter(({ credential }) => credential.rpId === rpId)
    if (allowCredentials.length === 0) return here.find(({ credential }) => credential.resident)
    return here.find(({ credential }) => allowCredentials.some(({ id }) => id === credential.id))
  }

  /** WebAuthn Level 3, 6.1, up to the counter. */
  #authenticatorData(credential: TestCredential, ceremony: CeremonyOptions, extra: number): Buffer {
    const { userPresent = true, userVerified = this.#options.userVerified ?? false } = ceremony
    const bits =
      extra |
      (ceremony.extensionOutputs ? flags.extensionData : 0) |
      (userPresent ? flags.userPresent : 0) |
      (userVerified ? flags.userVerified : 0) |
      (credential.backupEligible ? flags.backupEligible : 0) |
      (credential.backupState ? flags.backupState : 0)
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(credential.signCount ?? 0)
    return Buffer.concat([sha256(credential.rpId), Buffer.of(bits), counter])
  }
}

const flags = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backupState: 0x10,
  attestedCredentialData: 0x40,
  extensionData: 0x80,
}

/** WebAuthn Level 3, 6.1: a map at the end. */
function outputsOf({ extensionOutputs }: CeremonyOptions): Buffer {
  return extensionOutputs ? encodeCbor(new Map(Object.entries(extensionOutputs))) : Buffer.alloc(0)
}

/** WebAuthn Level 3, 5.8.1, in the member order of 5.8.1.1. */
function clientDataJson(type: string, challenge: string, ceremony: CeremonyOptions): Buffer {
  const { origin, crossOrigin = false, topOrigin } = ceremony
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin, topOrigin }))
}

function attestationObject(fmt: 'none' | 'packed', key: SoftwareKey, authData: Buffer, clientData: Buffer): Buffer {
  const attStmt = new Map<string, CborValue>()
  if (fmt === 'packed') {
    attStmt.set('alg', coseNumbers[key.algorithm])
    attStmt.set('sig', key.sign(Buffer.concat([authData, sha256(clientData)])))
  }
  return encodeCbor(new Map<string, CborValue>([['fmt', fmt], ['attStmt', attStmt], ['authData', authData]]))
}

function responseFrame(id: Base64URLString) {
  return { id, rawId: id, type: 'public-key', authenticatorAttachment: 'cross-platform' } as const
}

function firstKnown({ pubKeyCredParams }: PublicKeyCredentialCreationOptionsJSON): TestAlgorithm {
  for (const { alg } of pubKeyCredParams) {
    const known = (Object.keys(coseNumbers) as TestAlgorithm[]).find((name) => coseNumbers[name] === alg)
    if (known) return known
  }
  throw refusal('NotSupportedError')
}

function refusal(name: string): DOMException {
  return new DOMException('The test authenticator refuses', name)
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
