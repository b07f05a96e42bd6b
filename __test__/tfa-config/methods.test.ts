import { readFileSync } from 'node:fs'

import test from 'ava'

import { CountersignError, TfaConfig } from '../../index.js'
import type { TfaAddParameters, TfaAdded, TfaRegistrationChallenge } from '../../index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'

const today = readFileSync(new URL('../../../__test__/vectors/tfa-today.json', import.meta.url))
const start = 1_800_000_000_000
const origin = 'https://pve.example.com:8006'
const uri = 'otpauth://totp/pve:ann%40pve?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=pve'

class Fixture {
  now = start
  readonly config = TfaConfig.parse(today, { now: () => this.now })

  add(parameters: TfaAddParameters, user = 'bob@pve'): Promise<TfaAdded> {
    return this.config.addEntry(user, parameters)
  }

  /** The message of a refusal; nothing may have changed. */
  async refused(parameters: TfaAddParameters, user = 'bob@pve'): Promise<string> {
    const before = this.config.write({ additions: true })
    const added = await this.add(parameters, user)
    if (added.ok) throw new Error('it was added')
    if (!Buffer.from(before).equals(this.config.write({ additions: true }))) throw new Error('something changed')
    return added.message
  }

  async addKey(key: TestAuthenticator, user = 'bob@pve', page = origin): Promise<TfaAdded> {
    const begun = await this.add({ type: 'webauthn', description: 'key' }, user)
    const { publicKey } = registration(begun)
    const value = JSON.stringify(key.create(publicKey, { origin: page }))
    return this.add({ type: 'webauthn', challenge: publicKey.challenge, value }, user)
  }
}

function registration(begun: TfaAdded): TfaRegistrationChallenge {
  if (!begun.ok || begun.challenge === undefined || begun.id !== null) throw new Error('nothing was begun')
  return JSON.parse(begun.challenge) as TfaRegistrationChallenge
}

test('the list is that of the origin, in its order', (t) => {
  const { config } = new Fixture()
  const entries = [
    { type: 'recovery', id: 'recovery', created: 1795379895 },
    { type: 'totp', id: '1efde97b-4b28-4107-9df4-75f0d07131ef', description: 'phone', created: 1795379895 },
    { type: 'webauthn', id: 'f1198328-dd65-4d3c-94e2-4504e4dfd3e9', description: 'my key', created: 1795379895 },
    {
      type: 'u2f', id: '0b0c2f3a-0000-4000-8000-000000000001', description: 'old u2f', created: 1636400000,
      enable: false,
    },
    { type: 'yubico', id: '82cb7cfe-e760-4982-b043-0d499c4a1384', description: 'yk', created: 1795379895 },
  ]
  const alice = { userid: 'alice@pve', entries, 'totp-locked': true, 'tfa-locked-until': 4102444800 }
  t.deepEqual(config.list('root@pam', { all: true }) as unknown, [alice])
  t.deepEqual(config.list('alice@pve') as unknown, [alice])
  t.deepEqual(config.list('root@pam'), [])
  t.deepEqual(config.listEntries('alice@pve') as unknown, entries)
  t.deepEqual(config.listEntries('bob@pve'), [])
  t.deepEqual(config.getEntry('alice@pve', 'recovery') as unknown, entries[0])
  t.is(config.getEntry('alice@pve', 'nothing'), undefined)
})

test('the user goes with the last entry', (t) => {
  const { config } = new Fixture()
  t.like(config.deleteEntry('alice@pve', 'nothing'), { ok: false, reason: 'no-such-entry' })
  t.like(config.deleteEntry('bob@pve', 'recovery'), { ok: false, reason: 'no-such-entry' })
  const ids = config.listEntries('alice@pve').map(({ id }) => id).toReversed()
  for (const id of ids) t.deepEqual(config.deleteEntry('alice@pve', id), { ok: true, left: id !== 'recovery' })
  t.deepEqual(config.users(), [])
})

test('what can be no id is of no entry, and any id that an entry has is', (t) => {
  const long = 'l'.repeat(2000)
  const record = (id: string) => [id, { yubico: [{ id, description: '', created: 1, entry: 'cccccccdjiii' }, { id: 'other', created: 1, entry: 'cccccccdjiik' }] }]
  const users = Object.fromEntries(['', long, '\ufffd'].map((id, place) => [`user${place}`, record(id)[1]]))
  const config = TfaConfig.parse(Buffer.from(JSON.stringify({ users })))
  for (const user of config.users()) {
    for (const id of ['\ud800', '\ud800'.repeat(2000), 'x'.repeat(2 ** 21 + 1)]) {
      t.is(config.getEntry(user, id), undefined)
      t.deepEqual(config.updateEntry(user, id, { description: 'x' }), config.updateEntry(user, 'nobody', { description: 'x' }))
      t.deepEqual(config.deleteEntry(user, id), config.deleteEntry(user, 'nobody'))
    }
  }
  for (const [place, id] of ['', long, '\ufffd'].entries()) {
    const user = `user${place}`
    t.is(config.getEntry(user, id)?.type, 'yubico')
    t.deepEqual(config.updateEntry(user, id, { description: 'x' }), { ok: true })
    t.deepEqual(config.deleteEntry(user, id), { ok: true, left: true })
    t.deepEqual(config.listEntries(user).map((entry) => entry.id), ['other'])
  }
  t.throws(() => config.getEntry('user0', 5 as never), { code: 'invalid-argument' })
})

test('what an update may change', (t) => {
  const { config } = new Fixture()
  const [recovery, totp, webauthn, u2f, yubico] = config.listEntries('alice@pve').map(({ id }) => id) as [
    string, string, string, string, string,
  ]
  t.deepEqual(config.updateEntry('alice@pve', '1efde97b-4b28-4107-9df4-75f0d07131ef', { description: 'new phone', enable: false }), { ok: true })
  t.like(config.getEntry('alice@pve', totp), { description: 'new phone', enable: false })
  t.deepEqual(config.updateEntry('alice@pve', '1efde97b-4b28-4107-9df4-75f0d07131ef', { description: '' }), { ok: true })
  t.false('description' in config.getEntry('alice@pve', totp)!)
  for (const id of [recovery, 'nothing']) {
    t.like(config.updateEntry('alice@pve', id, { enable: false }), { ok: false, reason: 'no-such-entry' })
  }
  t.deepEqual(config.updateEntry('alice@pve', webauthn, { enable: false }), { ok: true })
  t.like(config.updateEntry('alice@pve', yubico, { enable: false }), { ok: false, reason: 'last-entry' })
  t.deepEqual(config.updateEntry('alice@pve', u2f, { enable: true }), { ok: true })
  t.deepEqual(config.updateEntry('alice@pve', yubico, { enable: false }), { ok: true })
})

test('every rule of the parameters has its message', async (t) => {
  const fixture = new Fixture()
  const description = 'd'
  const rules: [TfaAddParameters, string][] = [
    [{ type: 'totp', totp: uri, value: '1' }, "'description' is required for new entries"],
    [{ type: 'webauthn' }, "'description' is required for new entries"],
    [{ type: 'u2f' }, "'description' is required for new entries"],
    [{ type: 'yubico', value: 'cccccccdjiii' }, "'description' is required for new entries"],
    [{ type: 'totp', description }, "'totp' type requires both 'totp' and 'value' parameters"],
    [{ type: 'totp', description, totp: uri }, "'totp' type requires both 'totp' and 'value' parameters"],
    [{ type: 'totp', description, value: '1' }, "'totp' type requires both 'totp' and 'value' parameters"],
    [{ type: 'totp', description, totp: uri, value: '000000' }, 'failed to verify TOTP challenge'],
    [{ type: 'totp', description, totp: uri, value: 'x' }, 'failed to verify TOTP challenge'],
    [
      { type: 'totp', description, totp: uri, value: '1', challenge: 'x' },
      "'challenge' parameter is invalid for 'totp' entries",
    ],
    [{ type: 'totp', description, totp: 'otpauth://hotp/x', value: '1' }, "'totp' parameter is no usable otpauth URI"],
    [{ type: 'webauthn', description, totp: uri }, "'totp' parameter is invalid for 'webauthn' entries"],
    [{ type: 'u2f', description, totp: uri }, "'totp' parameter is invalid for 'u2f' entries"],
    [
      { type: 'webauthn', description, challenge: 'x' },
      "missing 'value' parameter (webauthn challenge response missing)",
    ],
    [{ type: 'u2f', description, challenge: 'x' }, "missing 'value' parameter (u2f challenge response missing)"],
    [{ type: 'recovery', totp: uri }, 'generating recovery tokens does not allow additional parameters'],
    [{ type: 'recovery', value: 'x' }, 'generating recovery tokens does not allow additional parameters'],
    [{ type: 'recovery', challenge: 'x' }, 'generating recovery tokens does not allow additional parameters'],
    [{ type: 'yubico', description }, "missing 'value' parameter for 'yubico' entry"],
    [
      { type: 'yubico', description, value: 'cccccccdjiii', totp: uri },
      "'totp' and 'challenge' parameters are invalid for 'yubico' entries",
    ],
    [
      { type: 'yubico', description, value: 'cccccccdjiii', challenge: 'x' },
      "'totp' and 'challenge' parameters are invalid for 'yubico' entries",
    ],
    [{ type: 'yubico', description, value: 'hunter2' }, "'value' parameter is no public id of a Yubico key"],
    [{ type: 'webauthn', challenge: 'x', value: '{}' }, 'no such challenge'],
    [{ type: 'u2f', challenge: '{"challenge":"x"}', value: '{}' }, 'no such challenge'],
    [{ type: 'u2f', challenge: 'x', value: '{}' }, 'no such challenge'],
  ]
  for (const [parameters, message] of rules) t.is(await fixture.refused(parameters), message)
  t.is(await fixture.refused({ type: 'recovery' }, 'alice@pve'), 'user already has recovery keys')
  fixture.config.webauthn = undefined
  fixture.config.u2f = undefined
  for (const step of [{ description }, { challenge: 'x', value: '{}' }]) {
    t.is(await fixture.refused({ type: 'webauthn', ...step }), 'no webauthn configuration available')
    t.is(await fixture.refused({ type: 'u2f', ...step }), 'no u2f configuration available')
  }
})

test('TOTP is proved by a code, which counts as used', async (t) => {
  const fixture = new Fixture()
  const value = totpAt(uri, start)
  const added = await fixture.add({ type: 'totp', description: 'phone', totp: uri, value })
  if (!added.ok) throw new Error(added.message)
  t.regex(added.id!, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.deepEqual(fixture.config.getEntry('bob@pve', added.id!), {
    type: 'totp', id: added.id!, description: 'phone', created: start / 1000,
  })
  t.like(await fixture.config.verify('bob@pve', `totp:${value}`), { result: false, log: 'rejecting reused TOTP value' })
  fixture.now += 30_000
  t.like(await fixture.config.verify('bob@pve', `totp:${totpAt(uri, fixture.now)}`), { result: true })
})

test('recovery codes are made once, and anew after the old ones are deleted', async (t) => {
  const fixture = new Fixture()
  const added = await fixture.add({ type: 'recovery' })
  if (!added.ok) throw new Error(added.message)
  t.is(added.id, 'recovery')
  t.is(added.recovery?.length, 10)
  for (const code of added.recovery!) t.regex(code, /^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/)
  t.is(await fixture.refused({ type: 'recovery' }), 'user already has recovery keys')
  t.deepEqual(fixture.config.deleteEntry('bob@pve', 'recovery'), { ok: true, left: false })
  const again = await fixture.add({ type: 'recovery' })
  t.true(again.ok && !again.recovery!.includes(added.recovery![0]!))
  t.deepEqual(fixture.config.recoveryState('bob@pve'), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('Yubico keys', async (t) => {
  const fixture = new Fixture()
  t.true((await fixture.add({ type: 'yubico', description: 'yk', value: 'cccccccdjiik' })).ok)
  t.is(fixture.config.yubicoKeys('bob@pve'), 'cccccccdjiik')
})

test('a security key in two steps', async (t) => {
  const fixture = new Fixture()
  const begun = await fixture.add({ type: 'webauthn', description: 'my key' })
  const { publicKey } = registration(begun)
  t.like(publicKey.rp, { id: 'example.com', name: 'Example RP' })
  t.is(publicKey.user.name, 'bob@pve')
  t.deepEqual(publicKey.pubKeyCredParams.map(({ alg }) => alg), [-7, -257])
  t.deepEqual(fixture.config.users(), ['alice@pve'])
  const key = new TestAuthenticator()
  const value = JSON.stringify(key.create(publicKey, { origin }))
  const finish: TfaAddParameters = { type: 'webauthn', challenge: publicKey.challenge, value }
  const added = await fixture.add(finish)
  if (!added.ok) throw new Error(added.message)
  t.like(fixture.config.getEntry('bob@pve', added.id!), { type: 'webauthn', description: 'my key' })
  t.is(await fixture.refused(finish), 'no such challenge')
  const second = registration(await fixture.add({ type: 'webauthn', description: 'again' }))
  t.deepEqual(second.publicKey.excludeCredentials?.map(({ id }) => id), [key.credentials[0]!.id])
  t.is(second.publicKey.user.id, publicKey.user.id)
  // The origin's additions are gone from what it is given, and it can read the rest.
  const plain = TfaConfig.parse(fixture.config.write()).userData('bob@pve')!
  t.notRegex(plain, /transports|aaguid|user_handle|user-handle|backup_recorded/)
})

test('a credential belongs to one user of the file', async (t) => {
  const fixture = new Fixture()
  const { webauthn } = JSON.parse(fixture.config.userData('alice@pve')!) as { webauthn: { entry: { cred_id: string } }[] }
  const credentialId = Buffer.from(webauthn[0]!.entry.cred_id, 'base64url')
  const taken = await fixture.addKey(new TestAuthenticator({ credentialId }))
  t.deepEqual(taken, { ok: false, reason: 'exists', message: 'credential id already present' })
  t.deepEqual(fixture.config.users(), ['alice@pve'])
  fixture.config.removeUser('alice@pve')
  t.true((await fixture.addKey(new TestAuthenticator({ credentialId }))).ok)
})

test('registrations that fail', async (t) => {
  const fixture = new Fixture()
  const key = new TestAuthenticator()
  t.like(await fixture.addKey(key, 'bob@pve', 'https://evil.test'), {
    ok: false, reason: 'not-verified', message: 'webauthn registration failed',
  })
  const { publicKey } = registration(await fixture.add({ type: 'webauthn', description: 'key' }))
  const value = JSON.stringify(key.create(publicKey, { origin }))
  const finish: TfaAddParameters = { type: 'webauthn', challenge: publicKey.challenge, value }
  t.is(await fixture.refused(finish, 'alice@pve'), 'no such challenge')
  fixture.now += 120_000
  t.is(await fixture.refused(finish), 'no such challenge')
  for (const broken of ['', 'hunter2', '[]', '{}', '"x"', `${'['.repeat(60_000)}`, '{"a":1}{"a":1}']) {
    const { publicKey: { challenge } } = registration(await fixture.add({ type: 'webauthn', description: 'key' }))
    t.is(await fixture.refused({ ...finish, challenge, value: broken }), 'webauthn registration failed', broken)
  }
})

test('a credential is enrolled once a user', async (t) => {
  const fixture = new Fixture()
  const key = new TestAuthenticator()
  const { publicKey } = registration(await fixture.add({ type: 'webauthn', description: 'key' }))
  const value = JSON.stringify(key.create(publicKey, { origin }))
  const record = JSON.parse(fixture.config.userData('alice@pve')!) as { webauthn: { entry: { cred_id: string } }[] }
  record.webauthn[0]!.entry.cred_id = key.credentials[0]!.id
  fixture.config.setUserData('bob@pve', JSON.stringify({ webauthn: record.webauthn }))
  const finish: TfaAddParameters = { type: 'webauthn', challenge: publicKey.challenge, value }
  t.is(await fixture.refused(finish), 'credential id already present')
})

test('the origin of a call wins over the configured one', async (t) => {
  const fixture = new Fixture()
  const description = 'key'
  fixture.config.webauthn = { id: 'example.com', rp: 'Example' }
  t.is(await fixture.refused({ type: 'webauthn', description }), 'no webauthn configuration available')
  for (const page of ['https://example.org', 'https://10.0.0.1:8006', 'hunter2']) {
    t.is(await fixture.refused({ type: 'webauthn', description, origin: page }), 'no webauthn configuration available')
  }
  const page = 'https://two.example.com:8006'
  const { publicKey } = registration(await fixture.add({ type: 'webauthn', description, origin: page }))
  const value = JSON.stringify(new TestAuthenticator().create(publicKey, { origin: page }))
  const finish: TfaAddParameters = { type: 'webauthn', challenge: publicKey.challenge, value }
  t.true((await fixture.add({ ...finish, origin: page })).ok)
})

test('what a form sent is refused with a value, whatever it is', async (t) => {
  const { config } = new Fixture()
  config.webauthn = { id: 'pve.example.com', rp: 'x', origin }
  const texts = ['', '\ud800', 'x'.repeat(70_000), '\0']
  for (const value of texts) {
    for (const parameters of [
      { type: 'totp', description: 'd', totp: value, value: '123456' },
      { type: 'totp', description: 'd', totp: uri, value },
      { type: 'yubico', description: 'd', value },
      { type: 'recovery', value },
      { type: 'webauthn', challenge: value, value: '{}' },
      { type: 'u2f', challenge: value, value: '{}' },
    ] as TfaAddParameters[]) {
      t.false((await config.addEntry('bob@pve', parameters)).ok, JSON.stringify(parameters).slice(0, 80))
    }
  }
})

test('what is of another type, and a page that is none, are refused with a value too', async (t) => {
  const { config } = new Fixture()
  config.webauthn = { id: 'pve.example.com', rp: 'x', origin }
  const before = config.write({ additions: true })
  const parameter = { ok: false, reason: 'parameter' }
  for (const description of [5, null, ['a'], {}, true] as never[]) {
    t.like(config.updateEntry('alice@pve', '1efde97b-4b28-4107-9df4-75f0d07131ef', { description }), parameter)
    t.like(config.addTotp('bob@pve', description, uri), parameter)
    t.like(config.addTotp('bob@pve', 'd', description), parameter)
    for (const type of ['totp', 'webauthn', 'u2f', 'yubico'] as const) {
      t.like(await config.addEntry('bob@pve', { type, description, totp: uri, value: 'x' }), parameter)
    }
    t.false((await config.addEntry('bob@pve', { type: 'totp', description: 'd', totp: description, value: description })).ok)
    t.false((await config.addEntry('bob@pve', { type: 'webauthn', challenge: description, value: description })).ok)
    t.like(await config.addEntry('bob@pve', { type: description, description: 'd' }), { ...parameter, message: "'type' parameter must be totp, webauthn, u2f, recovery or yubico" })
  }
  for (const type of ['oath', '', undefined, 'toString'] as never[]) t.like(await config.addEntry('bob@pve', { type, description: 'd' }), parameter)
  for (const enable of ['on', 1, null] as never[]) {
    t.like(config.updateEntry('alice@pve', '1efde97b-4b28-4107-9df4-75f0d07131ef', { enable }), { ...parameter, message: "'enable' parameter must be true or false" })
  }
  for (const page of ['', 'x'.repeat(2049), 'ü'.repeat(1025), '\ud800', ['a'], 5] as never[]) {
    t.like(await config.verify('alice@pve', 'totp:000000', { origin: page }), { result: false })
    t.like(await config.verify('alice@pve', { type: 'webauthn', response: {} }, { origin: page }), { result: false })
    t.is((await config.challenge('alice@pve', { origin: page }))?.webauthn, undefined)
    t.like(await config.addEntry('bob@pve', { type: 'webauthn', description: 'd', origin: page }), { ok: false, reason: 'not-configured' })
  }
  t.deepEqual(config.getEntry('bob@pve', 'x'), undefined)
  t.is(Buffer.from(config.write({ additions: true })).length, Buffer.from(before).length)
})

test('no store is asked for what is no challenge', async (t) => {
  const taken: string[] = []
  const challenges = {
    ...{ put: () => Promise.resolve(), clear: () => Promise.resolve() },
    take: (_key: string, id: string) => (taken.push(id), Promise.resolve(undefined)),
  }
  const config = TfaConfig.parse(today, { challenges })
  const good = Buffer.alloc(32, 7).toString('base64url')
  for (const challenge of ['x', 'a\0b', `${good}=`, good.slice(1), good]) {
    for (const parameters of [
      { type: 'webauthn', challenge, value: '{}' },
      { type: 'u2f', challenge: JSON.stringify({ challenge }), value: '{}' },
    ] as TfaAddParameters[]) {
      t.like(await config.addEntry('bob@pve', { ...parameters, description: 'd' }), { ok: false, reason: 'no-such-challenge' })
    }
  }
  t.deepEqual(taken, [good, good])
})

test('a user holds 256 entries, and a record of one megabyte, at most', async (t) => {
  const { config } = new Fixture()
  const keys = (count: number, description: string) =>
    JSON.stringify({ yubico: Array.from({ length: count }, (_, id) => ({ id: `${id}`, description, created: 1, entry: 'cc' })) })
  const yubico = { type: 'yubico', description: 'd', value: 'cccccccdjiii' } as const
  const totp = { type: 'totp', description: 'd', totp: uri, value: totpAt(uri, start) } as const
  for (const [data, code] of [[keys(256, ''), 'factor-limit'], [keys(1, 'x'.repeat((1 << 20) - 80)), 'record-too-large']] as const) {
    config.setUserData('ann', data)
    for (const parameters of [yubico, totp]) {
      await t.throwsAsync(config.addEntry('ann', parameters), { instanceOf: CountersignError, code })
    }
  }
  config.setUserData('ann', keys(255, ''))
  t.true((await config.addEntry('ann', yubico)).ok)
})
