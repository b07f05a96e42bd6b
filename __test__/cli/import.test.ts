import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'

import test from 'ava'

import { Countersign } from '../../index.js'
import { directoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { registrationOptions, verifyRegistration } from '../../facade/stateless/webauthn.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { countersign } from '../helpers/command-line.js'
import { origin, rp } from '../helpers/service.js'
import { U2fKey, appId } from '../helpers/u2f-key.js'

const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const other = 'HE4DONRVGQZTEMJQHE4DONRVGQZTEMJQ'
const example = 'otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC'

function place() {
  const path = temporaryDirectory()
  const write = (text: string) => {
    const file = join(path, 'file')
    writeFileSync(file, text)
    return file
  }
  const store = join(path, 'store')
  const open = () => Countersign.open({ rp, store: directoryStore(store) })
  return { write, open, args: ['--create', '--store', `directory:${store}`] }
}

/** A row of a table made after SimpleWebAuthn's documentation. */
function row(user: unknown) {
  const key = new TestAuthenticator()
  const handle = randomBytes(16).toString('base64url')
  const creation = registrationOptions({ rp, user: { id: handle, name: 'x', displayName: 'x' } })
  const verdict = verifyRegistration({ response: key.create(creation, { origin }), challenge: creation.challenge, rp })
  if (!verdict.ok) throw new Error(verdict.reason)
  const { id, publicKey, signCount } = verdict.credential
  const json = { type: 'Buffer', data: [...Buffer.from(publicKey, 'base64url')] }
  const flags = { deviceType: 'singleDevice', backedUp: false }
  return { key, data: { user_id: user, id, publicKey: json, webAuthnUserID: handle, counter: signCount, ...flags } }
}

test('a table of passkeys, user by user', async (t) => {
  const { write, open, args } = place()
  const [ann, ben] = [row('ann'), row(7)]
  const file = write(JSON.stringify([ann.data, ben.data, { ...ann.data, id: Buffer.alloc(16, 1).toString('base64url'), counter: -1 }]))
  const command = ['import', file, '--format', 'simplewebauthn', '--user-member', 'user_id', ...args]
  const { code, json } = await countersign([...command, '--json'])
  t.is(code, 1)
  t.like(json, { ok: false, reason: 'incomplete', taken: 2, left: 1 })
  t.deepEqual(json.users.map(({ user }: { user: string }) => user), ['ann', '7'])
  t.deepEqual(json.users[0].left, [{ what: '[1]', reason: 'malformed', member: 'counter' }])
  await using service = await open()
  const challenge = await service.challenge('7')
  const answer = { type: 'webauthn', response: ben.key.get(challenge!.webauthn!, { origin }) }
  t.like(await service.verify('7', answer), { ok: true })
  const again = await countersign(command)
  t.is(again.code, 1)
  t.deepEqual(again.stderr.split('\n'), [
    'ann: left (malformed counter): [1]', 'ann: left (already-enrolled): [0]', '7: left (already-enrolled): [0]',
    'taken: 0, left: 3', '',
  ])
  const lines = write([ann.data, ben.data].map((one) => JSON.stringify(one)).join('\n'))
  t.like(await countersign(['import', lines, ...command.slice(2)]), { code: 0 }, 'what is there already is no failure')
})

test('tables of DynamoDB and MongoDB name their users with types', async (t) => {
  const { write, open, args } = place()
  const scan = write(JSON.stringify({ Items: [{ user: { S: 'ann' }, secret: { S: base32 } }, { user: { N: '7' }, secret: { S: base32 } }], Count: 2 }))
  t.like(await countersign(['import', scan, '--format', 'otplib', ...args]), { code: 0 })
  const exported = write(JSON.stringify({ Item: { user: { S: 'ben' }, secret: { S: base32 } } }))
  t.like(await countersign(['import', exported, '--format', 'otplib', ...args]), { code: 0 })
  const id = '507f1f77bcf86cd799439011'
  const lines = [{ userId: { $oid: id }, secret: base32 }, { userId: { $numberLong: '8' }, secret: base32 }]
  const mongo = write(lines.map((line) => JSON.stringify(line)).join('\n'))
  t.like(await countersign(['import', mongo, '--format', 'otplib', '--user-member', 'userId', ...args]), { code: 0 })
  await using service = await open()
  for (const user of ['ann', '7', 'ben', id, '8']) t.is((await service.factors(user)).length, 1, user)
})

test('secrets of each library, bare or in rows, from a file or standard input', async (t) => {
  const { write, open, args } = place()
  const cases: [user: string, options: string[], text: string][] = [
    ['a', ['--format', 'otplib'], `${base32}\n`],
    ['b', ['--format', 'otplib', '--otplib', '12', '--encoding', 'ascii'], 'short key'],
    ['c', ['--format', 'otpauth', '--digits', '8', '--period', '60', '--algorithm', 'SHA256'], base32],
    ['d', ['--format', 'otpauth'], `otpauth://totp/Shop:d?secret=${base32}&issuer=Shop`],
    ['e', ['--format', 'speakeasy', '--encoding', 'hex'], '3132333435363738393031323334353637383930'],
    ['f', ['--format', 'speakeasy', '--encoding', 'base32'], JSON.stringify({ ascii: '12345678901234567890', base32 })],
    ['g', ['--format', 'better-auth', '--description', 'the app'], JSON.stringify({ secret: base32 })],
    ['h', ['--format', 'otpauth-migration'], `${example}\n`],
  ]
  for (const [user, options, text] of cases) {
    const ran = await countersign(['import', '-', '--user', user, '--json', ...options, ...args], { stdin: text })
    t.like(ran.json, { ok: true, taken: 1, left: 0 }, user)
    t.false(ran.stdout.includes(base32), user)
  }
  await using service = await open()
  t.is((await service.factors('g'))[0]!.description, 'the app')
  t.like(await service.verify('a', `totp:${totpAt(base32, Date.now())}`), { ok: true })
  const key = Buffer.from('short keyshort keysh')
  const repeated = await countersign(['totp', 'code'], { stdin: `otpauth://totp/x?secret=${toBase32(key)}` })
  t.like(await service.verify('b', `totp:${repeated.stdout.trim()}`), { ok: true })
  const shown = await countersign(['import', write(`${base32}\n${other}`), '--format', 'otplib', '--user', 'a', ...args])
  t.is(shown.code, 0)
  t.regex(shown.stdout, /^a: taken: \[1\]: totp [\da-f-]{36}\na: left \(already-enrolled\): \[0\]\ntaken: 1, left: 1\n$/)
})

test('what can not be taken is told, and the rest is', async (t) => {
  const { args } = place()
  const rows = [{ user: 'ann', secret: '0189' }, { user: 'ann', secret: 'JBSWY3DPEHPK3PXP', account: 'x\u001b[2J' }]
  const ran = await countersign(['import', '-', '--format', 'otplib', ...args], { stdin: JSON.stringify(rows) })
  t.is(ran.code, 1)
  t.regex(ran.stderr, /ann: taken: \[1\] x \[2J: totp \S+ \(short-secret\)\nann: left \(malformed secret\): \[0\]\n/)
  t.notRegex(ran.stderr, /0189|JBSW/)
})

test('a file of nobody, of no rows, or without what it needs is wrong usage', async (t) => {
  const { args } = place()
  const runs = (options: string[], stdin: string) => countersign(['import', '-', ...options, ...args], { stdin })
  for (const [options, stdin, wanted] of [
    [['--format', 'otplib'], base32, /Row \[0\] names no user: pass --user/],
    [['--format', 'otplib', '--user-member', 'id'], JSON.stringify([{ user: 'ann', secret: base32 }]), /Row \[0\] names no user: pass --user/],
    [['--format', 'otplib', '--user', 'ann'], ' \n', /The file is empty/],
    [['--format', 'simplewebauthn', '--user', 'ann'], base32, /Expected JSON/],
    [['--format', 'speakeasy', '--user', 'ann'], base32, /--encoding/],
    [['--format', 'otplib', '--encoding', 'rot13', '--user', 'ann'], base32, /encoding/],
    [['--format', 'otplib', '--digits', 'x', '--user', 'ann'], base32, /digits/],
    [['--format', 'nothing'], base32, /Expected tfa, simplewebauthn, otplib/],
  ] as const) {
    const { code, stdout, stderr } = await runs([...options], stdin)
    t.deepEqual([code, stdout], [2, ''], options.join(' '))
    t.regex(stderr, wanted)
    t.false(stderr.includes(base32))
  }
})

function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const fives = (bits.match(/.{1,5}/g) ?? []).map((five) => Number.parseInt(five.padEnd(5, '0'), 2))
  return fives.map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[five]).join('')
}

test('U2F and Yubico keys, user by user', async (t) => {
  const { write, open, args } = place()
  const u2f = new U2fKey()
  const row = { user: 'ann', keyHandle: u2f.handle, publicKey: (u2f.entry as { 'public-key': string })['public-key'], counter: 0 }
  const file = write(JSON.stringify([row, { ...row, keyHandle: 'AAAA', appId: 'https://other.example' }]))
  const without = await countersign(['import', file, '--format', 'u2f', ...args])
  t.is(without.code, 2)
  t.regex(without.stderr, /--app-id is missing/)
  const { code, json } = await countersign(['import', file, '--format', 'u2f', '--app-id', appId, ...args, '--json'])
  t.is(code, 1)
  t.like(json, { taken: 1, users: [{ user: 'ann', left: [{ what: '[1]', reason: 'other-app-id' }] }] })
  const lines = write('cccccccdjiii\nvvvvvvvvvvvv\n')
  const taken = await countersign(['import', lines, '--format', 'yubico', '--user', 'bob', '--description', 'yk', ...args, '--json'])
  t.like(taken, { code: 0, json: { ok: true, taken: 2, left: 0 } })
  await using service = await open()
  t.deepEqual((await service.factors('ann')).map(({ type }) => type), ['u2f'])
  t.deepEqual((await service.factors('bob')).map(({ type, description }) => [type, description]), [['yubico', 'yk'], ['yubico', 'yk']])
})
