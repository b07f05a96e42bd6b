// Keys of U2F and Yubico as libraries and their tables hold them.
import test from 'ava'

import { fromU2f, fromYubico } from '../../facade/migration/index.js'
import type { ForeignU2f, ForeignYubico, Migration } from '../../facade/migration/index.js'
import { U2fKey, appId } from '../helpers/u2f-key.js'
import { otp, publicId } from '../helpers/yubico-key.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const key = new U2fKey()
const point = Buffer.from((key.entry as { 'public-key': string })['public-key'], 'base64')
const handle = Buffer.from(key.handle, 'base64url')

const left = ({ left }: Migration) => left.map(({ what, reason, member }) => [what, reason, member])
const one = (found: Migration) => {
  if (found.factors.length !== 1 || found.left.length > 0) throw new Error(JSON.stringify(found.left))
  return found.factors[0]
}

test('U2F › one key in every form', (t) => {
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([
    Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'), point,
  ]).toString('base64')}\n-----END PUBLIC KEY-----`
  const message = Buffer.concat([Buffer.of(5), point, Buffer.of(handle.length), handle, Buffer.from('3082', 'hex')])
  const cose = (one(fromU2f({ keyHandle: key.handle, publicKey: point })) as ForeignU2f).u2f.publicKey
  const forms: [string, unknown][] = [
    ['u2f for Node', { keyHandle: key.handle, publicKey: point.toString('base64url'), certificate: 'x', version: 'U2F_V2' }],
    ['php-u2flib-server', { keyHandle: key.handle, publicKey: point.toString('base64'), certificate: 'x', counter: -1 }],
    ['python-u2flib-server', JSON.stringify({ version: 'U2F_V2', keyHandle: key.handle, publicKey: point.toString('base64url'), appId })],
    ['a table', { id: 7, user_id: 3, key_handle: handle, public_key: point, counter: null }],
    ['hexadecimal', { keyHandle: handle.toString('hex'), publicKey: `\\x${point.toString('hex')}` }],
    ['BSON', { keyHandle: { $binary: { base64: handle.toString('base64'), subType: '00' } }, publicKey: point }],
    ['the handle as the bytes of its text', { keyHandle: Buffer.from(key.handle).toString('base64'), publicKey: point }],
    ['COSE', { keyHandle: key.handle, publicKey: cose }],
    ['PEM', { keyHandle: key.handle, publicKey: pem }],
    ['the message of the registration', { raw: message }],
    ['the same as text', { registrationData: message.toString('base64url') }],
  ]
  for (const [form, row] of forms) {
    const { appId: of, ...read } = (one(fromU2f(row)) as ForeignU2f).u2f
    t.deepEqual(read, { keyHandle: key.handle, publicKey: cose }, form)
    t.is(of, form.startsWith('python') ? appId : undefined)
  }
  t.like(one(fromU2f({ keyHandle: key.handle, publicKey: point, counter: '7', name: 'blue', created_at: 1_500_000_000 })), {
    what: '[0] blue', description: 'blue', created: 1_500_000_000_000, u2f: { counter: 7 },
  })
  t.like(one(fromU2f([{ keyHandle: key.handle, publicKey: point, counter: 0 }], { description: 'old' })), {
    what: '[0]', description: 'old', u2f: { counter: 0 },
  })
})

test('U2F › what can’t be sure is left', (t) => {
  const row = { keyHandle: key.handle, publicKey: point }
  t.deepEqual(
    left(fromU2f([
      'x', null, { ...row, keyHandle: undefined }, { ...row, keyHandle: 'a b!' }, { ...row, publicKey: '' }, { raw: message5() },
      { ...row, counter: 2 ** 32 }, { ...row, counter: 'x' }, { ...row, appId: 7 }, { ...row, version: 'U2F_V1' },
      { ...row, name: 'ann', enabled: false }, { ...row, deleted_at: '2020-01-01' },
    ])),
    [
      ['[0]', 'malformed', undefined], ['[1]', 'malformed', undefined], ['[2]', 'malformed', 'keyHandle'],
      ['[3]', 'malformed', 'keyHandle'], ['[4]', 'malformed', 'publicKey'], ['[5]', 'malformed', 'keyHandle'],
      ['[6]', 'malformed', 'counter'], ['[7]', 'malformed', 'counter'], ['[8]', 'malformed', 'appId'],
      ['[9]', 'unsupported-type', undefined], ['[10] ann', 'turned-off', undefined], ['[11]', 'turned-off', undefined],
    ],
  )
  t.throws(() => fromU2f([], { name: 'x' } as never), { message: invalidArgument('name') })
})

/** One that was cut off. */
function message5(): Buffer {
  return Buffer.concat([Buffer.of(5), point, Buffer.of(64), handle.subarray(1)])
}

test('Yubico › ids, OTPs and rows', (t) => {
  const counter = { use: 258, session: 3 }
  const forms: [string, unknown, unknown?][] = [
    ['an id', publicId],
    ['an id in upper case, with blanks', ` ${publicId.toUpperCase()}\n`],
    ['an OTP', otp(1, 1)],
    ['a row', { public_id: publicId, counter }, counter],
    ['a row of its validation server', { active: 1, yk_publicname: publicId, yk_counter: 258, yk_use: 3, yk_low: 9, notes: '' }, counter],
    ['the same before its first OTP', { active: 1, yk_publicname: publicId, yk_counter: -1, yk_use: -1 }],
    ['a row with two counters', { yubikey_id: publicId, use_counter: '258', session_counter: 3n }, counter],
    ['a JSON text', JSON.stringify([{ publicId, counter }]), counter],
    ['a row of one’s own', { id: publicId, userId: 7 }],
  ]
  for (const [form, row, expected] of forms) {
    t.deepEqual((one(fromYubico(row)) as ForeignYubico).yubico, {
      publicId, ...(expected !== undefined && { counter: expected as typeof counter }),
    }, form)
  }
  t.like(one(fromYubico([{ publicId, name: 'blue' }])), { what: '[0] blue', description: 'blue' })
  t.like(one(fromYubico([publicId])), { what: '[0]', description: 'YubiKey' })
})

test('Yubico › what can’t be sure is left', (t) => {
  const wrong = [
    '', 'x', 'cccccccdjii1', 'c'.repeat(17), 'c'.repeat(49), 7, null, {}, { id: 12 }, { publicId: 'user:cccccccdjiii' },
  ].map((given) => left(fromYubico([given]))[0]?.slice(1))
  t.deepEqual(wrong, wrong.map((_, at) => ['malformed', at === 5 || at === 6 ? undefined : 'publicId']))
  for (const counters of [
    { counter: 5 }, { use_counter: 5 }, { session_counter: 5 }, { counter: { use: 32768, session: 0 } },
    { counter: { use: 1, session: 256 } }, { yk_counter: 5, yk_use: -1 }, { counter: 'x' },
  ]) {
    t.deepEqual(left(fromYubico({ publicId, ...counters })), [['[0]', 'malformed', 'counter']], JSON.stringify(counters))
  }
  t.deepEqual(left(fromYubico({ publicId, active: 0 })), [['[0]', 'turned-off', undefined]])
})
