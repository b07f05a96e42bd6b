import { createHash, generateKeyPairSync, sign } from 'node:crypto'

import test from 'ava'

import { memoryStore } from '../../facade/stores/memory-store.js'
import { encodeCbor } from '../../facade/testing/cbor.js'
import type { CborValue } from '../../facade/testing/cbor.js'
import { fromSimpleWebAuthn } from '../../facade/migration/index.js'
import type { Countersign, CoseAlgorithm } from '../../index.js'
import { Fixture, origin, rp } from '../helpers/service.js'

/** A key that anybody can sign for, or nobody: COSE, Proxmox's form of a stored one, and what an attacker would send. */
interface WeakKey {
  what: string
  cose: [number, CborValue][]
  stored: object
  forged: (message: Buffer) => Buffer[]
}

const algorithms: CoseAlgorithm[] = [-7, -35, -36, -8, -257, -258, -259, -37, -38, -39, -48, -49, -50]

/** Integers as bytes of one length. */
const bytes = (value: bigint, length: number) => Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex')
const little = (value: bigint) => Buffer.from(bytes(value, 32).toReversed())
const base64url = (data: Uint8Array) => Buffer.from(data).toString('base64url')
const sha = (hash: string, data: Uint8Array) => createHash(hash).update(data).digest()

/** The y of every point whose order is at most 8. */
const smallOrder = [
  0n,
  1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  2n ** 255n - 20n,
]

function* weakKeys(): Generator<WeakKey> {
  yield* ed25519Keys()
  yield* ecKeys()
  yield* rsaKeys()
  yield* mlDsaKeys()
}

function* ed25519Keys(): Generator<WeakKey> {
  const signs = [0n, 2n ** 255n]
  const encoded = smallOrder.flatMap((y) => signs.map((sign) => little(y + sign)))
  // What is not below 2^255 - 19 is another spelling of the points with y = 0 and 1.
  const spellings = [2n ** 255n - 19n, 2n ** 255n - 18n].flatMap((y) => signs.map((sign) => little(y + sign)))
  const lengths = [Buffer.alloc(0), Buffer.alloc(31, 9), Buffer.alloc(33, 9)]
  for (const x of [...encoded, ...spellings, little(2n), Buffer.alloc(32, 0xff), ...lengths]) {
    yield {
      what: `Ed25519 ${x.toString('hex')}`,
      cose: [[1, 1], [3, -8], [-1, 6], [-2, x]],
      stored: { type_: 'EDDSA', key: { EC_OKP: { curve: 'ED25519', x: base64url(x) } } },
      // `s` is 0, and `R` a point of small order: right for one message in eight at least.
      forged: () => [...encoded, ...spellings].map((r) => Buffer.concat([r, Buffer.alloc(32)])),
    }
  }
}

const curves = [
  { name: 'P-256', stored: 'SECP256R1', type: 'ES256', alg: -7, crv: 1, size: 32, hash: 'sha256', p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n },
  { name: 'P-384', stored: 'SECP384R1', type: 'ES384', alg: -35, crv: 2, size: 48, hash: 'sha384', p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n },
  { name: 'P-521', stored: 'SECP521R1', type: 'ES512', alg: -36, crv: 3, size: 66, hash: 'sha512', p: 2n ** 521n - 1n },
]

function* ecKeys(): Generator<WeakKey> {
  for (const { name, stored, type, alg, crv, size, hash, p } of curves) {
    const pair = generateKeyPairSync('ec', { namedCurve: name })
    const jwk = pair.publicKey.export({ format: 'jwk' })
    const [x, y] = [Buffer.from(jwk.x!, 'base64url'), Buffer.from(jwk.y!, 'base64url')]
    const off = Buffer.from(y)
    off.writeUInt8(off.at(-1)! ^ 1, size - 1)
    const zero = Buffer.alloc(size)
    const points: [string, Uint8Array, Uint8Array][] = [
      ['infinity as zeros', zero, zero],
      ['infinity as nothing', Buffer.alloc(0), Buffer.alloc(0)],
      ['off its curve', x, off],
      ['the coordinates exchanged', y, x],
      ['not below the prime', bytes(p, size), y],
      ['all bits', Buffer.alloc(size, 0xff), Buffer.alloc(size, 0xff)],
      ['too short', x.subarray(1), y.subarray(1)],
      ['with a zero before it', Buffer.concat([Buffer.alloc(1), x]), Buffer.concat([Buffer.alloc(1), y])],
    ]
    for (const [what, one, other] of points) {
      yield {
        what: `${name}, ${what}`,
        cose: [[1, 2], [3, alg], [-1, crv], [-2, one], [-3, other]],
        stored: { type_: type, key: { EC_EC2: { curve: stored, x: base64url(one), y: base64url(other) } } },
        // Zeros as r and s (CVE-2022-21449), and what the holder of the point that this one was made of signs.
        forged: (message) => [Buffer.from('3006020100020100', 'hex'), Buffer.from('3006020101020101', 'hex'), sign(hash, message, pair.privateKey)],
      }
    }
  }
}

const rsaTypes = [
  { type: 'RS256', alg: -257, hash: 'sha256', der: '3031300d060960864801650304020105000420' },
  { type: 'RS384', alg: -258, hash: 'sha384', der: '3041300d060960864801650304020205000430' },
  { type: 'RS512', alg: -259, hash: 'sha512', der: '3051300d060960864801650304020305000440' },
  { type: 'PS256', alg: -37, hash: 'sha256' },
  { type: 'PS384', alg: -38, hash: 'sha384' },
  { type: 'PS512', alg: -39, hash: 'sha512' },
]

function* rsaKeys(): Generator<WeakKey> {
  const modulus = (bits: number) => Buffer.from(generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' }).n!, 'base64url')
  const good = modulus(2048)
  const even = Buffer.from(good)
  even.writeUInt8(even.at(-1)! & 0xfe, 255)
  const numbers: [string, Uint8Array, Uint8Array][] = [
    ['exponent 1', good, Buffer.of(1)],
    ['exponent 1 in three bytes', good, Buffer.of(0, 0, 1)],
    ['exponent 0', good, Buffer.of(0)],
    ['exponent 2', good, Buffer.of(2)],
    ['exponent 65536', good, Buffer.of(1, 0, 0)],
    ['an exponent of five bytes', good, Buffer.of(1, 0, 0, 0, 1)],
    ['no exponent', good, Buffer.alloc(0)],
    ['an even modulus', even, Buffer.of(1, 0, 1)],
    ['a modulus of 512 bits', modulus(512), Buffer.of(1, 0, 1)],
    ['a modulus of 1024 bits', modulus(1024), Buffer.of(1, 0, 1)],
    ['a modulus of 1024 bits among zeros', Buffer.concat([Buffer.alloc(128), modulus(1024)]), Buffer.of(1, 0, 1)],
    ['a modulus of 8200 bits', Buffer.alloc(1025, 0xff), Buffer.of(1, 0, 1)],
    ['modulus 1', Buffer.of(1), Buffer.of(1, 0, 1)],
    ['no modulus', Buffer.alloc(0), Buffer.of(1, 0, 1)],
  ]
  for (const { type, alg, hash, der } of rsaTypes) {
    for (const [what, n, e] of numbers) {
      yield {
        what: `${type}, ${what}`,
        cose: [[1, 3], [3, alg], [-1, n], [-2, e]],
        stored: { type_: type, key: { RSA: { n: base64url(n), e: [...e] } } },
        // With exponent 1, a padded message is its own signature.
        forged: (message) => [der === undefined ? pss(hash, message, n.length) : padded(der, sha(hash, message), n.length), Buffer.alloc(n.length, 1)],
      }
    }
  }
}

/** EMSA-PKCS1-v1_5 (RFC 8017, 9.2). */
function padded(der: string, digest: Buffer, length: number): Buffer {
  const info = Buffer.concat([Buffer.from(der, 'hex'), digest])
  return Buffer.concat([Buffer.of(0, 1), Buffer.alloc(Math.max(0, length - info.length - 3), 0xff), Buffer.of(0), info])
}

/** EMSA-PSS (RFC 8017, 9.1.1) with a salt of zeros. */
function pss(hash: string, message: Buffer, length: number): Buffer {
  const digest = sha(hash, message)
  const salt = Buffer.alloc(digest.length)
  const h = sha(hash, Buffer.concat([Buffer.alloc(8), digest, salt]))
  const db = Buffer.concat([Buffer.alloc(Math.max(0, length - 2 * digest.length - 2)), Buffer.of(1), salt])
  const mask = Buffer.concat(Array.from({ length: Math.ceil(db.length / h.length) }, (_, index) => sha(hash, Buffer.concat([h, bytes(BigInt(index), 4)]))))
  const masked = db.map((byte, index) => byte ^ mask[index]!)
  masked[0]! &= 0x7f
  return Buffer.concat([masked, h, Buffer.of(0xbc)])
}

function* mlDsaKeys(): Generator<WeakKey> {
  for (const [type, alg, size, signature] of [['ML-DSA-44', -48, 1312, 2420], ['ML-DSA-65', -49, 1952, 3309], ['ML-DSA-87', -50, 2592, 4627]] as const) {
    const zero = Buffer.alloc(size)
    zero.fill(7, 0, 32)
    const keys: [string, Uint8Array][] = [
      ['a vector of zeros', zero],
      ['zeros alone', Buffer.alloc(size)],
      ['a byte too short', Buffer.alloc(size - 1, 7)],
      ['a byte too long', Buffer.alloc(size + 1, 7)],
      ['nothing', Buffer.alloc(0)],
    ]
    for (const [what, key] of keys) {
      yield {
        what: `${type}, ${what}`,
        cose: [[1, 7], [3, alg], [-1, key]],
        stored: { type_: type, key: { AKP: { pub: base64url(key) } } },
        forged: () => [Buffer.alloc(signature), Buffer.alloc(0)],
      }
    }
  }
}

const credentialId = Buffer.alloc(32, 5)

function authenticatorData(flags: number, attested: Uint8Array): Buffer {
  return Buffer.concat([sha('sha256', Buffer.from(rp.id)), Buffer.of(flags, 0, 0, 0, 1), attested])
}

const clientData = (type: string, challenge: string) => Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))

async function register(service: Countersign, user: string, cose: [number, CborValue][]) {
  const { challenge } = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
  const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(0, credentialId.length), credentialId, encodeCbor(new Map(cose))])
  const object = new Map<string, CborValue>([['fmt', 'none'], ['attStmt', new Map()], ['authData', authenticatorData(0x41, attested)]])
  const id = base64url(credentialId)
  const response = {
    id, rawId: id, type: 'public-key', clientExtensionResults: {},
    response: { clientDataJSON: base64url(clientData('webauthn.create', challenge)), attestationObject: base64url(encodeCbor(object)) },
  }
  return service.finishWebauthn(user, { response, description: 'key' })
}

const open = () => Fixture.open(memoryStore(), { webauthn: { algorithms } })

test('A key that anybody can sign for, or nobody, is not registered', async (t) => {
  const { service } = await open()
  const keys = [...weakKeys()]
  t.true(keys.length > 130, `${keys.length}`)
  for (const { what, cose } of keys) {
    const enrolled = await register(service, 'ann', cose)
    t.like(enrolled, { ok: false, reason: 'rejected' }, what)
  }
  t.is(await service.challenge('ann'), null)
  // What is refused is the key: this one differs from them in nothing else.
  const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  t.like(await register(service, 'ann', [[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x!, 'base64url')], [-3, Buffer.from(y!, 'base64url')]]), { ok: true })
})

test('Nor is it imported, however its row has it', async (t) => {
  const { service } = await open()
  for (const { what, cose } of weakKeys()) {
    const row = { id: base64url(credentialId), publicKey: encodeCbor(new Map(cose)), counter: 0 }
    const { taken, left } = await service.importFactors('ann', fromSimpleWebAuthn(row))
    t.deepEqual(taken, [], what)
    t.like(left, [{ reason: 'malformed', member: 'publicKey' }], what)
  }
  t.is(await service.challenge('ann'), null)
})

test('In a stored record, it signs nobody in', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const good = { type_: 'ES256', key: { EC_EC2: { curve: 'SECP256R1', x, y } } }
  // The same steps with a sound key: what is refused below is refused for its key.
  t.like(await signIn(good, (message) => [sign('sha256', message, privateKey)], 0), { ok: true })
  for (const { what, stored, forged } of weakKeys()) {
    for (let index = 0; ; index += 1) {
      const outcome = await signIn(stored, forged, index)
      if (outcome === undefined) break
      t.like(outcome, { ok: false, reason: 'rejected' }, `${what}, forgery ${index}`)
    }
  }
})

/** Answers with one of the forged signatures, for a record that has this key. `undefined`: there are no more. */
async function signIn(stored: object, forged: WeakKey['forged'], index: number) {
  const fixture = await open()
  const entry = { cred_id: base64url(credentialId), cred: stored, counter: 0, backup_eligible: false, backup_state: false }
  const record = JSON.stringify({ webauthn: [{ id: '3f4e1f0a-7d4c-4d63-9c5b-0d6c6a5b9d10', description: 'key', created: 1, entry }] })
  await fixture.store.update('ann', () => ({ record, value: undefined }))
  const challenge = await fixture.service.challenge('ann')
  if (challenge === null) throw new Error('the user counts as one without a factor')
  // No challenge is made for a key that can't be used.
  const client = clientData('webauthn.get', challenge.webauthn?.challenge ?? base64url(Buffer.alloc(32)))
  const data = authenticatorData(5, Buffer.alloc(0))
  const signature = forged(Buffer.concat([data, sha('sha256', client)]))[index]
  if (!signature) return undefined
  const id = base64url(credentialId)
  return fixture.service.verify('ann', {
    type: 'webauthn',
    response: {
      id, rawId: id, type: 'public-key', clientExtensionResults: {},
      response: { clientDataJSON: base64url(client), authenticatorData: base64url(data), signature: base64url(signature) },
    },
  })
}
