// The published cases of FIDO's conformance tool for servers, as far as they can be rebuilt, run against the example. A case has
// the tool's name: `P` must succeed, `F` must fail. The ceremonies come from the corpus' generator.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ExampleServer } from './example-server.js'
import { HttpClient } from './http-client.js'

const generator = (name: string): Promise<any> => import(new URL(`../../../vectors/generator/${name}`, import.meta.url).href)
const { authentication, flag, inResponse, registration } = await generator('ceremony.mjs')
const { cbor, textMap } = await generator('cbor.mjs')
const { concat, flipped, seeded, sha256 } = await generator('bytes.mjs')
const { authority, certifiedBy, root, stranger } = await generator('certificates.mjs')
const { keyOf } = await generator('keys.mjs')
const { tpmStatement, SHA1, SHA384 } = await generator('tpm.mjs')
const packed = await generator('topics/attestation-packed.mjs')
const u2f = await generator('topics/attestation-fido-u2f.mjs')
const android = await generator('topics/attestation-android-key.mjs')

let server: ExampleServer
let folder: string
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-anchors-'))
  const anchors = join(folder, 'roots.pem')
  const base64 = Buffer.from(root.certificate).toString('base64')
  writeFileSync(anchors, `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
  process.env['ANCHORS'] = anchors
  server = await ExampleServer.start('fido-conformance.mjs')
})
test.after.always(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What is replaced in an honest ceremony: the options of the generator. */
type Change = Record<string, any>
type Case = [names: string, change: Change]

let visitors = 0
const visitor = () => ({ client: new HttpClient(server.origin), username: `user-${(visitors += 1)}` })
const post = async ({ client }: ReturnType<typeof visitor>, path: string, body: unknown) =>
  (await client.host('POST', path, body)).body
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))

/** The parts of a ceremony that are this server's, with the changes of a case. */
function here(challenge: string, { clientData = (data: object) => data, party = {}, ...change }: Change) {
  const located = (data: object) => clientData({ ...data, origin: server.origin })
  return { challenge: bytes(challenge), clientData: located, party: { id: 'localhost', ...party }, ...change }
}

async function register(change: Change, who = visitor()) {
  const { attestation = 'direct', userVerification = 'preferred', ...rest } = change
  const authenticatorSelection = { userVerification }
  const options = await post(who, '/attestation/options', {
    username: who.username,
    displayName: 'Ann',
    attestation,
    authenticatorSelection,
  })
  const { response } = registration('', here(options.challenge, rest))
  return { who, options, answer: await post(who, '/attestation/result', response) }
}

async function signIn({ enrolled = {}, userVerification = 'preferred', ...change }: Change) {
  const { who, options, answer } = await register({ attestation: 'none', ...enrolled })
  if (answer.status !== 'ok') throw new Error(answer.errorMessage)
  const request = await post(who, '/assertion/options', { username: who.username, userVerification })
  const { response = (value: object) => value, ...rest } = change
  const own = inResponse('userHandle', () => options.user.id)
  const made = authentication('', here(request.challenge, { ...rest, response: (value: object) => response(own(value)) }))
  return post(who, '/assertion/result', made.response)
}

/** Adds a test for each case. One at a time: the server closes connections that wait while this process makes all the others' keys. */
function cases(suite: string, ceremony: (change: Change) => Promise<{ status: string; errorMessage: string }>, list: Case[]) {
  for (const [names, change] of list) {
    test.serial(`${suite} ${names}`, async (t) => {
      const { status, errorMessage } = await ceremony(change)
      t.is(status, names.startsWith('P') ? 'ok' : 'failed', errorMessage)
      // It was refused for a reason, and not because the server stumbled.
      if (status === 'failed') t.not(errorMessage, 'malformed request')
    })
  }
}

const answerTo = async (change: Change) => (await register(change)).answer
const outer = (members: object) => ({ response: (value: object) => ({ ...value, ...members }) })
const inner = (name: string, value: unknown) => ({ response: inResponse(name, () => value) })
const data = (members: object) => ({ clientData: (value: object) => ({ ...value, ...members }) })

const structure = (bytesOfIt: string[]): Case[] => [
  ['F-1', outer({ id: undefined })],
  ['F-2', outer({ id: 7 })],
  ['F-3', outer({ id: 'not base64url!', rawId: 'not base64url!' })],
  ['F-4', outer({ type: undefined })],
  ['F-5', outer({ type: 7 })],
  ['F-6', outer({ type: 'public_key' })],
  ['F-7', outer({ response: undefined })],
  ['F-8', outer({ response: 'text' })],
  ...['clientDataJSON', ...bytesOfIt].flatMap((name): Case[] => [
    [`F ${name} missing`, inner(name, undefined)],
    [`F ${name} not a text`, inner(name, 7)],
    [`F ${name} not base64url`, inner(name, 'not base64url!')],
    [`F ${name} empty`, inner(name, '')],
  ]),
]

const clientData = (own: string, other: string): Case[] => [
  ['F-1', data({ type: undefined })],
  ['F-2', data({ type: 7 })],
  ['F-3', data({ type: '' })],
  ['F-4', data({ type: `${own}.more` })],
  ['F-5', data({ type: other })],
  ['F-6', data({ challenge: undefined })],
  ['F-7', data({ challenge: 7 })],
  ['F-8', data({ challenge: '' })],
  ['F-9', data({ challenge: 'not base64url!' })],
  ['F-10', data({ challenge: Buffer.from(seeded('another challenge')).toString('base64url') })],
  ['F-11', data({ origin: undefined })],
  ['F-12', data({ origin: 7 })],
  ['F-13', data({ origin: '' })],
  ['F-14', data({ origin: 'https://example.com' })],
]

test.serial(
  'Server-ServerPublicKeyCredentialCreationOptions-Req-1 P-2, P-3, and ...GetOptionsResponse-Req-1 P-2: each challenge is another',
  async (t) => {
    const who = visitor()
    const asked = { username: who.username, displayName: 'Ann', attestation: 'none' }
    const first = await post(who, '/attestation/options', asked)
    t.is(first.attestation, 'none')
    t.not((await post(who, '/attestation/options', asked)).challenge, first.challenge)
    await register({ attestation: 'none' }, who)
    const request = await post(who, '/assertion/options', { username: who.username })
    t.not((await post(who, '/assertion/options', { username: who.username })).challenge, request.challenge)
  },
)

cases('Server-ServerAuthenticatorAttestationResponse-Resp-1', answerTo, structure(['attestationObject']))

test.serial('Server-ServerAuthenticatorAttestationResponse-Resp-1 P-1', async (t) => {
  const { who, answer } = await register({ statement: packed.certifiedStatement(root) })
  t.is(answer.status, 'ok', answer.errorMessage)
  const again = await post(who, '/attestation/options', { username: who.username, displayName: 'Ann' })
  t.like(again.excludeCredentials, [{ type: 'public-key', id: Buffer.from(seeded('credential id', 16)).toString('base64url') }])
})

cases('Server-ServerAuthenticatorAttestationResponse-Resp-2', answerTo, clientData('webauthn.create', 'webauthn.get'))

const { up, at, ed, uv } = flag
const certified = { statement: packed.certifiedStatement(root) }
const bent = (change: (object: any) => unknown) => ({
  ...certified,
  object: (_: Uint8Array, parts: object) => cbor(textMap(change(parts))),
})
const stated = (change: object) => ({
  statement: (parts: any) => {
    const { fmt, attStmt } = certified.statement(parts)
    return { fmt, attStmt: textMap({ ...Object.fromEntries(attStmt), ...change }) }
  },
})

cases('Server-ServerAuthenticatorAttestationResponse-Resp-3', answerTo, [
  ['P-1', { ...certified, flags: up | at | ed, extensions: cbor(textMap({ 'example.extension': true })) }],
  ['F-1', { ...certified, object: () => cbor(['no map']) }],
  ['F-2', bent((parts) => ({ ...parts, fmt: undefined }))],
  ['F-3', bent((parts) => ({ ...parts, fmt: 7 }))],
  ['F-4', bent((parts) => ({ ...parts, attStmt: undefined }))],
  ['F-5', bent((parts) => ({ ...parts, attStmt: [] }))],
  ['F-6', bent((parts) => ({ ...parts, authData: undefined }))],
  ['F-7', bent((parts) => ({ ...parts, authData: 'text' }))],
  ['F-8', bent((parts) => ({ ...parts, authData: new Uint8Array(0) }))],
  ['F-9', { ...certified, authData: (all: Uint8Array) => all.map((byte, index) => (index === 32 ? byte & ~at : byte)) }],
  ['F-10', { ...certified, flags: up }],
  ['F-11', { ...certified, authData: (all: Uint8Array) => all.slice(0, 37) }],
  ['F-12', { ...certified, authData: (all: Uint8Array) => concat(all, [0]) }],
  ['F-13', { statement: () => ({ fmt: 'packed', attStmt: new Map() }) }],
  ['F-14', stated({ alg: undefined })],
  ['F-15', stated({ alg: 'ES256' })],
  ['F-16', stated({ alg: -257 })],
  ['F-17', stated({ sig: undefined })],
  ['F-18', stated({ sig: 'text' })],
  ['F-19', stated({ sig: new Uint8Array(0) })],
])

// P-1 (secp256k1) and P-8 (SHA-1) are algorithms that this library lacks on purpose. Self attestation is no certificate: the
// server has trust anchors, so nothing is asked for.
const surrogate = { statement: packed.selfStatement, attestation: 'none' }
cases('Server-ServerAuthenticatorAttestationResponse-Resp-4', answerTo, [
  ['P-2', { ...surrogate, alg: -37 }],
  ['P-3', { ...surrogate, alg: -38 }],
  ['P-4', { ...surrogate, alg: -39 }],
  ['P-5', { ...surrogate, alg: -257 }],
  ['P-6', { ...surrogate, alg: -258 }],
  ['P-7', { ...surrogate, alg: -259 }],
  ['P-9', { ...surrogate, alg: -7 }],
  ['P-10', { ...surrogate, alg: -35 }],
  ['P-11', { ...surrogate, alg: -36 }],
  ['P-12', { ...surrogate, alg: -8 }],
])

const { attesting, by, leafBy } = packed
const middle = authority('Intermediate', { issuer: root })
const expired = authority('Expired', { issuer: root, from: '20200101', until: '20210101' })
const chain = (...x5c: Uint8Array[]) => ({ statement: by(attesting, x5c) })
// F-10 wants a chain with the root refused. 7.1 does not, and devices of Android send it.
cases('Server-ServerAuthenticatorAttestationResponse-Resp-5', answerTo, [
  ['P-1', certified],
  ['P-2', chain(leafBy(middle), middle.certificate)],
  ['F-1', bent((parts) => ({ ...parts, fmt: 'example-unknown' }))],
  ['F-2', { statement: by(attesting, [leafBy(root)], { sign: (parts: any) => flipped(attesting.sign(parts.signed)) }) }],
  ['F-3', stated({ x5c: undefined })],
  ['F-4', stated({ x5c: leafBy(root) })],
  ['F-5', stated({ x5c: [] })],
  ['F-6', chain(leafBy(root, { from: '20200101', until: '20210101' }))],
  ['F-7', chain(leafBy(root, { from: '20600101', until: '20700101' }))],
  ['F-9', chain(leafBy(stranger))],
  ['F-11', chain(middle.certificate, leafBy(middle))],
  ['F-12', chain(leafBy(expired), expired.certificate)],
  ['F-13', { statement: by(attesting, [certifiedBy(root, { key: keyOf(-7, 'another') })]) }],
  ['F-14', { statement: by(attesting, [leafBy(root)], { sign: (parts: any) => parts.key.sign(parts.signed) }) }],
])

const selfWith = (change: object) => ({
  attestation: 'none',
  statement: (parts: any) => {
    const { fmt, attStmt } = packed.selfStatement(parts)
    return { fmt, attStmt: textMap({ ...Object.fromEntries(attStmt), ...change }) }
  },
})
cases('Server-ServerAuthenticatorAttestationResponse-Resp-6', answerTo, [
  ['P-1', surrogate],
  [
    'F-1',
    {
      ...surrogate,
      statement: (parts: any) => ({ fmt: 'packed', attStmt: textMap({ alg: -7, sig: flipped(parts.key.sign(parts.signed)) }) }),
    },
  ],
  ['F-2', selfWith({ x5c: [leafBy(root)] })],
  ['F-3', { statement: (parts: any) => ({ ...packed.selfStatement(parts), fmt: 'example-unknown' }) }],
])

cases('Server-ServerAuthenticatorAttestationResponse-Resp-7', answerTo, [
  ['P-1', { attestation: 'none' }],
  ['P-2', surrogate],
  ['F-1', { attestation: 'none', statement: (parts: any) => ({ ...certified.statement(parts), fmt: 'none' }) }],
])

const noModel = { model: new Uint8Array(16) }
cases('Server-ServerAuthenticatorAttestationResponse-Resp-8', answerTo, [
  ['P-1', { ...noModel, statement: u2f.u2fStatement }],
  ['F-1', { statement: u2f.u2fStatement }],
  ['F-2', { ...noModel, statement: u2f.u2fBroken }],
])

const tpm = (change = {}) => ({ alg: -257, statement: tpmStatement(change) })
const tpmChain = (order: (...x5c: unknown[]) => unknown) => ({
  alg: -257,
  statement: (parts: any) => {
    const { fmt, attStmt } = tpmStatement()(parts)
    return { fmt, attStmt: textMap({ ...Object.fromEntries(attStmt), x5c: order(attStmt.get('x5c')[0], root.certificate) }) }
  },
})
cases('Server-ServerAuthenticatorAttestationResponse-Resp-9', answerTo, [
  ['P-1', tpm()],
  ['P-2', tpm({ alg: -65_535, area: { nameAlg: SHA1 }, sign: (key: any, info: Uint8Array) => key.signBy('sha1', info) })],
  ['P-3', tpm({ area: { nameAlg: SHA384 } })],
  ['F-1', tpmChain((leaf, issuer) => [issuer, leaf])],
  ['F-2', tpm({ info: { extraData: seeded('other') } })],
  ['F-3', tpm({ info: { magic: 0xff544348 } })],
  ['F-4', tpm({ area: { unique: new Uint8Array(258) } })],
])

cases('Server-ServerAuthenticatorAttestationResponse-Resp-A', answerTo, [
  ['P-1', { statement: android.android() }],
  ['F-1', { statement: android.android({ described: { challenge: seeded('other') } }) }],
  ['F-2', { statement: android.android({ key: attesting }) }],
  [
    'F-3',
    { statement: (parts: any) => android.android({}, { x5c: [android.middle.certificate, android.certified(parts)] })(parts) },
  ],
])

cases('Server-ServerAuthenticatorAssertionResponse-Resp-1', signIn, [
  ['P-1', {}],
  ...structure(['authenticatorData', 'signature']),
  ['F-20', { signature: (signature: Uint8Array) => flipped(signature) }],
  ['F-21', { response: inResponse('userHandle', () => 7) }],
])

cases('Server-ServerAuthenticatorAssertionResponse-Resp-2', signIn, clientData('webauthn.get', 'webauthn.create'))

// P-4 and P-7 want UP = 0 accepted, which Level 2 and 3 refuse (7.2, step 16).
cases('Server-ServerAuthenticatorAssertionResponse-Resp-3', signIn, [
  ['P-1', { enrolled: { signCount: 0 }, signCount: 0 }],
  ['P-2', { flags: up | uv, userVerification: 'required' }],
  ['P-3', { flags: uv | up, userVerification: 'required', enrolled: { flags: up | uv | at } }],
  ['P-5', { flags: up, userVerification: 'discouraged' }],
  ['P-6', { flags: up | uv, userVerification: 'discouraged' }],
  ['P-8', { flags: up | ed, extensions: cbor(textMap({ 'example.extension': true })) }],
  ['F-1', { authData: (all: Uint8Array) => concat(all, [0]) }],
  ['F-2', { party: { rpIdHash: sha256(seeded('other')) } }],
  ['F-3', { signed: (all: Uint8Array) => flipped(all) }],
  ['F-4', { enrolled: { signCount: 5 }, signCount: 5 }],
  ['F-5', { flags: up, userVerification: 'required' }],
])
