// Ceremonies of a software authenticator and the browser around it: honest, unless a case says otherwise.
import { base64url, concat, seeded, sha256, u16, u32, utf8 } from './bytes.mjs'
import { cbor, textMap } from './cbor.mjs'
import { algorithms, keyOf } from './keys.mjs'

export const rpId = 'example.org'
export const origin = 'https://example.org'
export const aaguid = seeded('aaguid', 16)
export const userHandle = seeded('user handle')
/** Seconds since the epoch at which certificates are to be valid: 15 June 2025. Any time from 2022 to 2048 gives the same verdicts. */
export const now = 1_749_945_600

export const flag = { up: 0x01, reserved1: 0x02, uv: 0x04, be: 0x08, bs: 0x10, reserved2: 0x20, at: 0x40, ed: 0x80 }

/** The client data of a browser, as an object to bend. */
export const clientDataOf = (type, challenge) => ({
  type: `webauthn.${type}`,
  challenge: base64url(challenge),
  origin,
  crossOrigin: false,
})

/** An object is written as JSON, text as it is, bytes as they are. */
export const bytesOf = (clientData) =>
  clientData instanceof Uint8Array ? clientData : utf8(typeof clientData === 'string' ? clientData : JSON.stringify(clientData))

export function authenticatorData({
  id = rpId,
  rpIdHash = sha256(utf8(id)),
  flags,
  signCount = 0,
  attested = [],
  extensions = [],
}) {
  return concat(rpIdHash, [flags], u32(signCount), attested, extensions)
}

export const attestedCredential = ({ model = aaguid, credentialId, key }) =>
  concat(model, u16(credentialId.length), credentialId, key)

/** `statement`: an item of CBOR. */
export const attestationObject = (fmt, attStmt, authData) => cbor(textMap({ fmt, attStmt, authData }))

/**
 * A registration. Each part may be replaced, mostly by a function of what would be there:
 * `clientData(object)`, `authData(bytes)`, `object(bytes, parts)`, `response(object)`; `statement(parts)` gives
 * `{ fmt, attStmt }`, and `expected` is what the relying party expects besides the usual.
 */
export function registration(seed, options = {}) {
  const {
    alg = -7,
    key = keyOf(alg),
    cose = key.cose,
    flags = flag.up | flag.at,
    signCount = 0,
    model = aaguid,
    credentialId = seeded('credential id', 16),
    extensions = [],
    clientData = same,
    authData = same,
    statement = () => ({ fmt: 'none', attStmt: new Map() }),
    object = same,
    response = same,
    expected = {},
  } = options
  const challenge = options.challenge ?? seeded(`challenge ${seed}`)
  const client = bytesOf(clientData(clientDataOf('create', challenge), challenge))
  const attested = flags & flag.at ? attestedCredential({ model, credentialId, key: cose }) : []
  const data = authData(authenticatorData({ flags, signCount, attested, extensions, ...options.party }))
  const parts = {
    key,
    client,
    clientDataHash: sha256(client),
    authData: data,
    credentialId,
    model,
    rpId: options.party?.id ?? rpId,
  }
  const { fmt, attStmt } = statement({ ...parts, signed: concat(data, sha256(client)) })
  const attestation = object(attestationObject(fmt, attStmt, data), { fmt, attStmt, authData: data })
  return {
    ceremony: 'registration',
    expected: {
      challenge: base64url(challenge),
      rpId,
      origins: [origin],
      userVerification: 'discouraged',
      algorithms,
      attestation: 'none',
      trustAnchors: [],
      now,
      ...expected,
    },
    response: response({
      id: base64url(credentialId),
      rawId: base64url(credentialId),
      type: 'public-key',
      response: {
        clientDataJSON: base64url(client),
        attestationObject: base64url(attestation),
        transports: ['usb'],
      },
      clientExtensionResults: {},
    }),
    result: {
      credentialId: base64url(credentialId),
      publicKey: base64url(cose),
      signCount,
      userVerified: (flags & flag.uv) !== 0,
      backupEligible: (flags & flag.be) !== 0,
      backupState: (flags & flag.bs) !== 0,
      attestationFormat: fmt,
    },
  }
}

/**
 * An authentication. The same goes for its parts; `signed(bytes, parts)` gives what is signed, `signature(bytes, parts)`
 * bends the signature, `stored` changes the stored credential.
 */
export function authentication(seed, options = {}) {
  const {
    alg = -7,
    key = keyOf(alg),
    flags = flag.up,
    signCount = 0,
    credentialId = seeded('credential id', 16),
    extensions = [],
    clientData = same,
    authData = same,
    signed = same,
    signature = same,
    response = same,
    stored = {},
    expected = {},
  } = options
  const challenge = options.challenge ?? seeded(`challenge ${seed}`)
  const client = bytesOf(clientData(clientDataOf('get', challenge), challenge))
  const data = authData(authenticatorData({ flags, signCount, extensions, ...options.party }))
  const clientDataHash = sha256(client)
  const message = signed(concat(data, clientDataHash), { authData: data, client, clientDataHash })
  const signs = options.signer ?? key
  const made = signature(signs.sign(message), { message, key: signs })
  return {
    ceremony: 'authentication',
    expected: {
      challenge: base64url(challenge),
      rpId,
      origins: [origin],
      userVerification: 'discouraged',
      credential: {
        id: base64url(credentialId),
        publicKey: base64url(key.cose),
        signCount: 0,
        backupEligible: (flags & flag.be) !== 0,
        backupState: (flags & flag.bs) !== 0,
        userHandle: base64url(userHandle),
        ...stored,
      },
      ...expected,
    },
    response: response({
      id: base64url(credentialId),
      rawId: base64url(credentialId),
      type: 'public-key',
      response: {
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(made),
        userHandle: base64url(userHandle),
      },
      clientExtensionResults: {},
    }),
    result: {
      credentialId: base64url(credentialId),
      signCount,
      userVerified: (flags & flag.uv) !== 0,
      backupEligible: (flags & flag.be) !== 0,
      backupState: (flags & flag.bs) !== 0,
    },
  }
}

/** One of the two, by the type in the client data. */
export const ceremonies = { create: registration, get: authentication }

/** A bent honest member of the response: `inResponse('signature', () => 'AA')`. */
export const inResponse = (name, bend) => (response) => {
  const value = bend(response.response[name])
  const { [name]: _, ...rest } = response.response
  return { ...response, response: value === undefined ? rest : { ...rest, [name]: value } }
}

const same = (value) => value
