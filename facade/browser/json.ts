type Fields = Record<string, unknown>

export function creationOptions(json: PublicKeyCredentialCreationOptionsJSON): unknown {
  const parsed = native(() => PublicKeyCredential.parseCreationOptionsFromJSON(json)) ?? {
    ...json,
    ...decoded(json, ['challenge']),
    user: { ...json.user, ...decoded(json.user, ['id']) },
    excludeCredentials: descriptors(json.excludeCredentials),
  }
  return { ...parsed, extensions: extensions(json.extensions) }
}

export function requestOptions(json: PublicKeyCredentialRequestOptionsJSON): unknown {
  const parsed = native(() => PublicKeyCredential.parseRequestOptionsFromJSON(json)) ?? {
    ...json,
    ...decoded(json, ['challenge']),
    allowCredentials: descriptors(json.allowCredentials),
  }
  return { ...parsed, extensions: extensions(json.extensions) }
}

/** Without the secrets that extensions gave: they are for the page, and the server has no use for them. */
export function credentialToJSON(credential: PublicKeyCredential): object {
  const json = (native(() => complete(credential.toJSON())) ?? byHand(credential)) as { clientExtensionResults: Fields }
  return { ...json, clientExtensionResults: withoutSecrets(json.clientExtensionResults ?? {}) }
}

/** What extensions gave to the page, as bytes. */
export function extensionOutputs(credential: PublicKeyCredential): Fields {
  const { prf, largeBlob } = (native(() => credential.getClientExtensionResults()) ?? {}) as Record<string, Fields | undefined>
  const results = prf?.results as Fields | undefined
  return {
    ...(prf && { prf: { ...prf, ...(results && { results: toBytes(results) }) } }),
    ...(largeBlob && { largeBlob: { ...largeBlob, ...toBytes(largeBlob, ['blob']) } }),
  }
}

export interface PrfOutputs {
  /** At a registration: whether the credential can derive secrets. */
  enabled?: boolean
  /** The secrets, 32 bytes each. Don't send them to the server. */
  results?: { first: Uint8Array; second?: Uint8Array }
}

export interface LargeBlobOutputs {
  /** At a registration: whether the credential can have a blob. */
  supported?: boolean
  /** What was read. */
  blob?: Uint8Array
  /** Whether it was written. */
  written?: boolean
}

/** By extension: the output that is a secret of the page, or empty if all of it is. */
const secrets: Record<string, string> = { prf: 'results', largeBlob: 'blob', getCredBlob: '', hmacGetSecret: '' }

function withoutSecrets(results: Fields): Fields {
  const kept = Object.entries(results).filter(([name]) => secrets[name] !== '')
  return Object.fromEntries(kept.map(([name, output]) => [name, secrets[name] && output ? without(output, secrets[name]) : output]))
}

function without(outputs: object, name: string): Fields {
  return Object.fromEntries(Object.entries(outputs).filter(([one]) => one !== name))
}

/** Absent in older browsers, replaced by password managers with something that throws: both mean by hand. */
function native<T>(convert: () => T): T | undefined {
  try {
    return convert()
  } catch {
    return undefined
  }
}

/** Some password managers answer `{}`, leave bytes where text belongs, or write base64 of the standard alphabet. */
function complete(json: { id: string; rawId: string; type: string; response: object }): object | undefined {
  const { clientDataJSON, attestationObject, signature, authenticatorData, userHandle } = json.response as Fields
  const proof = attestationObject ? [attestationObject] : [signature, authenticatorData]
  const texts = [json.id, json.rawId, clientDataJSON, ...proof, ...(userHandle ? [userHandle] : [])]
  return json.type && texts.every((text) => typeof text === 'string' && /^[\w-]+$/.test(text)) ? json : undefined
}

function byHand(credential: PublicKeyCredential): object {
  const from = credential.response as AuthenticatorResponse & Record<string, ArrayBuffer | undefined>
  const response: Fields = {}
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    const bytes = from[name]
    if (bytes) response[name] = encode(bytes)
  }
  // The server reads the key from attestationObject; these spare others that work.
  const transports = native(() => (from as unknown as AuthenticatorAttestationResponse).getTransports())
  if (transports) response.transports = transports
  const id = encode(credential.rawId)
  return {
    id,
    rawId: id,
    type: credential.type,
    ...(credential.authenticatorAttachment && { authenticatorAttachment: credential.authenticatorAttachment }),
    clientExtensionResults: encodeAll(native(() => credential.getClientExtensionResults()) ?? {}),
    response,
  }
}

function descriptors(list: PublicKeyCredentialDescriptorJSON[] = []): unknown[] {
  return list.map((one) => ({ ...one, ...decoded(one, ['id']) }))
}

function extensions(json: AuthenticationExtensionsClientInputsJSON = {}): unknown {
  const { prf, largeBlob } = json
  return {
    ...json,
    // Not all browsers have this one in their own conversion.
    ...decoded(json, ['credBlob']),
    ...(prf && {
      prf: {
        ...(prf.eval && { eval: decoded(prf.eval) }),
        ...(prf.evalByCredential && {
          evalByCredential: Object.fromEntries(
            Object.entries(prf.evalByCredential).map(([id, one]) => [id, decoded(one)]),
          ),
        }),
      },
    }),
    ...(largeBlob && { largeBlob: { ...largeBlob, ...decoded(largeBlob, ['write']) } }),
  }
}

function decoded(from: object, names = Object.keys(from)): Fields {
  const found = names.filter((name) => (from as Fields)[name] !== undefined)
  return Object.fromEntries(found.map((name) => [name, decode((from as Record<string, string>)[name]!)]))
}

function toBytes(from: Fields, names = Object.keys(from)): Record<string, Uint8Array> {
  const found = names.filter((name) => from[name])
  return Object.fromEntries(found.map((name) => [name, bytesOf(from[name])]))
}

/** Password managers give text, too. */
function bytesOf(value: unknown): Uint8Array {
  return typeof value === 'string' ? decode(value) : new Uint8Array(value as ArrayBuffer)
}

function encodeAll(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return encode(value)
  if (Array.isArray(value) || !value || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, encodeAll(one)]))
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
}

function encode(bytes: ArrayBuffer): string {
  let binary = ''
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
