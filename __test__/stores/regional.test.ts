import { createHash } from 'node:crypto'
import { join } from 'node:path'

import test from 'ava'

import { CountersignError, isCountersignError } from '../../facade/shared/errors.js'
import { memoryStore, regional, tfaConfigStore } from '../../facade/stores/index.js'
import type { Region, Store } from '../../facade/stores/index.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { challenge, claim, rejection, write } from '../../facade/testing/store-test.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { invalidArgument } from '../helpers/invalid-argument.js'
import { sealedStore, sealOf } from '../helpers/sealed.js'
import { Fixture, origin, overriding } from '../helpers/service.js'
import { key as yubicoKey, otp, publicId, uid } from '../helpers/yubico-key.js'
import { own, postgresFound, redisFound } from './engines.js'
import { ownPostgres, ownRedis } from './own-databases.js'

type Pair = { eu: Store; us: Store }

const memories = (): Pair => ({ eu: memoryStore(), us: memoryStore() })
/** Half of all texts are at home in each. */
const half = (user: string) => (createHash('sha256').update(user).digest()[0]! % 2 === 0 ? 'eu' : 'us')
const byName = (user: string) => (user.startsWith('eu-') ? 'eu' : 'us')
const tag = (name: string) => name.padEnd(16, '_')
const challengeKey = Buffer.alloc(32, 7).toString('base64url')
const passkey = { name: 'ann', displayName: 'Ann', use: 'passkey' } as const

/** No region knows of another's calls, so what two of them do at the same moment is only unique in one region. */
const simultaneous = [
  'of 12 users who claim one text at once exactly one gets it',
  "claims that are given up and taken at once are never two users'",
  'of users who claim one text on many hosts at once exactly one gets it',
]

/** Every challenge's id begins with the tag of its region, as the service's do. */
function tagging(store: ReturnType<typeof regional>): Store {
  const tagged = async (key: string, id: string) => (await store.challengeTag(key)) + id
  return overriding(store, {
    put: async (key, one) => store.put(key, { ...one, id: await tagged(key, one.id) }),
    take: async (key, id, now) => store.take(key, await tagged(key, id), now),
  })
}

suite('two memories', memories)
if (postgresFound && redisFound) {
  const [pool, client] = [ownPostgres(), ownRedis()]
  test.before(() => postgresStore(pool, { schema: own }).migrate())
  const makePair = (): Pair => ({ eu: postgresStore(pool, { schema: own }), us: redisStore(client, { prefix: own }) })
  suite('PostgreSQL and Redis', makePair)
  for (const { name, run } of hostTests) {
    test(`hosts on PostgreSQL and Redis: ${name}`, (t) => t.notThrowsAsync(run(() => regional(makePair(), simultaneous.includes(name) ? () => 'us' : half))))
  }
} else {
  test.skip('the databases are not there', () => {})
}

function suite(kind: string, makePair: () => Pair): void {
  for (const { name, run } of storeTests) {
    const make = () => regional(makePair(), simultaneous.includes(name) ? () => 'eu' : half)
    test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(make)))
    test(`${kind}, ids with tags: ${name}`, (t) => t.notThrowsAsync(run(() => tagging(make()))))
  }

  test(`${kind}: a challenge is in the region that its id names, and another tag finds nothing`, async (t) => {
    const pair = makePair()
    const store = regional(pair, byName)
    const [ann, id] = [`eu-${own}`, `${tag('eu')}abcdefghijklmnopqrstuvwxyz`]
    await store.put(ann, challenge(id))
    const rest = id.slice(16)
    const forged = [
      tag('us') + rest, tag('ap') + rest, tag('EU') + rest, tag('constructor') + rest, tag('__proto__') + rest, rest, 'eu', tag('eu'), '',
      `eu${rest}`, `${id} `, `${tag('eu')}${rest.toUpperCase()}`, `\0${id}`, `\ud800${id}`, `${tag('eu')}\udfff`, 'é'.repeat(40),
    ]
    for (const one of forged) t.is(await store.take(ann, one, Date.now()), undefined, JSON.stringify(one))
    // A foreign user's, in either region.
    for (const other of [`eu-${own}-other`, `us-${own}`]) t.is(await store.take(other, id, Date.now()), undefined)
    t.is(await pair.us.take(ann, id, Date.now()), undefined)
    t.is(await store.take(ann, id, Date.now()), `data of ${id}`)
    t.is(await store.take(ann, id, Date.now()), undefined)
  })
}

test('the ids of all challenges begin with the tag of the home region, and 20 random bytes follow', async (t) => {
  const { fixture } = await open(memories())
  for (const region of ['eu', 'us']) {
    const user = `${region}-ann`
    const { enrolment } = await fixture.service.beginTotp(user, { account: 'ann' })
    const creation = await fixture.service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
    await fixture.enrolTotp(user)
    const { id } = (await fixture.service.challenge(user))!
    for (const text of [enrolment, creation.challenge, id]) t.regex(text, new RegExp(`^${tag(region)}[\\w-]{27}$`))
    t.is(new Set([enrolment, creation.challenge, id].map((text) => text.slice(16))).size, 3)
  }
})

test('a key, a passkey and a code sign in, whichever region is home, and each answer once', async (t) => {
  const pair = memories()
  const { fixture } = await open(pair)
  for (const user of ['eu-ann', 'us-ann']) {
    const { uri } = await fixture.enrolTotp(user)
    const key = await enrolPasskey(fixture, user)
    fixture.step()
    const answer = await fixture.assertion(user, key)
    t.true((await fixture.service.verify(user, answer)).ok)
    t.deepEqual(await fixture.service.verify(user, answer), { ok: false, reason: 'rejected' })
    const code = totpAt(uri, fixture.now)
    t.true((await fixture.service.verify(user, { type: 'totp', code })).ok)
    t.false((await fixture.service.verify(user, { type: 'totp', code })).ok)
    t.like(await passkeySignIn(fixture, key), { ok: true, user })
  }
  t.deepEqual([await pair.eu.read('us-ann'), await pair.us.read('eu-ann')], [undefined, undefined])
  t.deepEqual((await fixture.service.usersPage({ limit: 10 })).users.toSorted(), ['eu-ann', 'us-ann'])
})

test('another tag in the answer of a key is an unknown challenge, and gains nothing', async (t) => {
  const { fixture } = await open(memories())
  const { key } = await fixture.enrolKey('eu-ann')
  await fixture.enrolKey('us-eve')
  for (const name of ['us', 'ap']) {
    const open = (await fixture.service.challenge('eu-ann'))!
    const forged = { ...open.webauthn!, challenge: tag(name) + open.webauthn!.challenge.slice(16) }
    const response = key.get(forged, { origin })
    t.deepEqual(await fixture.service.verify('eu-ann', { type: 'webauthn', response }), { ok: false, reason: 'rejected' })
    t.is(fixture.events.at(-1)?.reason, 'challenge-missing')
    const own = key.get(open.webauthn!, { origin })
    t.true((await fixture.service.verify('eu-ann', { type: 'webauthn', response: own })).ok)
  }
})

test('with one region down, sign-ins of the other one work', async (t) => {
  const pair = memories()
  const { fixture, down } = await open(pair)
  const { uri } = await fixture.enrolTotp('us-ann')
  const key = await enrolPasskey(fixture, 'us-ann')
  const lost = await enrolPasskey(fixture, 'eu-ben')
  for (let count = 0; count < 2; count += 1) await enrolPasskey(fixture, 'us-two')
  const stranger = await enrolPasskey(await Fixture.open(memoryStore()), 'stranger')
  const forEu = await fixture.service.challenge('eu-ben')
  const response = lost.get(forEu!.webauthn!, { origin })
  fixture.step()
  down.add('eu')
  t.true((await fixture.service.verify('us-ann', await fixture.assertion('us-ann', key))).ok)
  t.true((await fixture.service.verify('us-ann', { type: 'totp', code: totpAt(uri, fixture.now) })).ok)
  t.like(await passkeySignIn(fixture, key), { ok: true, user: 'us-ann' })
  // Codes, and removing one of two keys, need the home region alone.
  const [second] = await fixture.service.factors('us-two')
  t.true((await fixture.service.removeFactor('us-two', second!.id)).ok)
  await fixture.enrolTotp('us-new')
  const codes = await fixture.service.createRecoveryCodes('us-ann')
  t.true((await fixture.service.verify('us-ann', { type: 'recovery', code: codes[0]! })).ok)

  const failing: Record<string, () => Promise<unknown>> = {
    'a challenge there': () => fixture.service.challenge('eu-ben'),
    'an answer there': () => fixture.service.verify('eu-ben', { type: 'webauthn', response }),
    'a passkey from there': () => passkeySignIn(fixture, lost),
    'a passkey of nobody': () => passkeySignIn(fixture, stranger),
    // That no other region has the credential can't be known now.
    'enrolling a passkey': () => enrolPasskey(fixture, 'us-other'),
    'a list of all users': () => fixture.service.usersPage({ limit: 10 }),
    'the challenges of a user who was moved': () => fixture.service.removeFactors('us-ann'),
  }
  for (const [what, call] of Object.entries(failing)) {
    const error = await rejection(call)
    t.true(isCountersignError(error, 'store-failed'), what)
    t.is((error as Error).message, 'The store failed: region eu', what)
    t.like((error as Error).cause, { message: 'eu is down' }, what)
  }
  t.is(await pair.us.read('us-other'), undefined)

  down.clear()
  t.true((await fixture.service.verify('eu-ben', { type: 'webauthn', response })).ok)
  t.like(await passkeySignIn(fixture, lost), { ok: true, user: 'eu-ben' })
})

test('a tag of the region that is down makes only this answer fail', async (t) => {
  const { fixture, down } = await open(memories())
  const { key } = await fixture.enrolKey('us-ann')
  const asked = (await fixture.service.challenge('us-ann'))!
  down.add('eu')
  const forged = key.get({ ...asked.webauthn!, challenge: tag('eu') + asked.id.slice(16) }, { origin })
  t.true(isCountersignError(await rejection(() => fixture.service.verify('us-ann', { type: 'webauthn', response: forged })), 'store-failed'))
  t.true((await fixture.service.verify('us-ann', { type: 'webauthn', response: key.get(asked.webauthn!, { origin }) })).ok)
})

test('home may be async; what it throws, or answers wrongly, is an error, and nothing is written', async (t) => {
  const pair = memories()
  const later = regional(pair, async (user) => byName(user))
  await write(later, 'us-ann', '{}')
  t.is(await pair.us.read('us-ann'), '{}')

  const broken = new Error('no such user')
  for (const home of [() => { throw broken }, async () => { throw broken }] as (() => never)[]) {
    const store = regional(pair, home)
    for (const call of calls(store)) {
      const error = await rejection(call)
      t.true(isCountersignError(error, 'store-failed'))
      t.is((error as Error).message, 'The store failed: home()')
      t.is((error as Error).cause, broken)
    }
  }
  for (const answer of ['ap', '', 'EU', '__proto__', 'toString', undefined, null, 1, ['eu']]) {
    const store = regional(pair, (() => answer) as () => 'eu')
    for (const call of calls(store)) {
      const error = await rejection(call)
      t.true(isCountersignError(error, 'invalid-argument'))
      t.is((error as Error).message, 'Invalid argument: home() must be the name of a region: eu, us')
    }
  }
  t.deepEqual([await pair.eu.read('ann'), await pair.us.read('ann')], [undefined, undefined])
  t.is(await pair.us.take('ann', 'id', Date.now()), undefined)
})

test('what change throws is thrown as it is', async (t) => {
  const store = regional(memories(), byName)
  for (const thrown of [new Error('mine'), new CountersignError('factor-limit'), 'a text', undefined]) {
    const failing = store.update('us-ann', () => {
      throw thrown
    })
    t.is(await failing.then(() => 'resolved', (error: unknown) => error), thrown)
  }
  t.is(await store.read('us-ann'), undefined)
})

test("another region's claim is refused, and nothing is written", async (t) => {
  const pair = memories()
  const store = regional(pair, byName)
  await claim(store, 'eu-ann', '{"n":1}', ['credential:x', 'handle'], 'handle')
  await write(store, 'us-eve', '{"n":2}')
  for (const wanted of [['credential:x'], ['handle'], ['free', 'credential:x']]) {
    t.true(isCountersignError(await rejection(() => claim(store, 'us-eve', '{"n":3}', wanted)), 'claim-taken'))
  }
  t.is(await store.read('us-eve'), '{"n":2}')
  t.deepEqual(await Promise.all(['credential:x', 'handle', 'free'].map((text) => store.owner(text))), ['eu-ann', 'eu-ann', undefined])
  // A handle of a record without claims counts, too.
  await write(store, 'eu-old', '{}', 'old-handle')
  t.true(isCountersignError(await rejection(() => claim(store, 'us-eve', '{"n":3}', ['old-handle'])), 'claim-taken'))
  await claim(store, 'us-eve', '{"n":4}', ['free'])
  await claim(store, 'us-eve', '{"n":5}', ['free', 'more'])
  t.deepEqual(await Promise.all(['free', 'more'].map((text) => store.owner(text))), ['us-eve', 'us-eve'])
})

test('a change that keeps its claims asks no other region', async (t) => {
  const pair = memories()
  let asked = 0
  const eu = overriding(pair.eu, { owner: (handle) => ((asked += 1), pair.eu.owner(handle)) })
  const store = regional({ ...pair, eu }, byName)
  await claim(store, 'us-ann', '{"n":1}', ['one', 'two'])
  t.is(asked, 2)
  await claim(store, 'us-ann', '{"n":2}', ['two'])
  await write(store, 'us-ann', '{"n":3}')
  t.is(asked, 2)
})

test('a credential that got into two regions signs nobody in but the one whose key has signed', async (t) => {
  for (const slow of ['eu', 'us'] as const) {
    const pair = memories()
    const late = overriding(pair[slow], { owner: async (handle) => (await new Promise((resolve) => setTimeout(resolve, 5)), pair[slow].owner(handle)) })
    const { fixture } = await open({ ...pair, [slow]: late })
    const key = await enrolPasskey(fixture, 'eu-ann')
    await enrolPasskey(fixture, 'us-eve')
    // As at the same moment: each region has accepted it for itself.
    const handle = JSON.parse((await pair.eu.read('eu-ann'))!)['user-handle'] as string
    const eve = (await pair.us.read('us-eve'))!
    await claim(pair.us, 'us-eve', eve, [handle])
    const outcome = await passkeySignIn(fixture, key)
    if (slow === 'us') t.like(outcome, { ok: true, user: 'eu-ann' })
    else t.deepEqual(outcome, { ok: false, reason: 'rejected' })
    t.true((await fixture.service.verify('eu-ann', await fixture.assertion('eu-ann', key))).ok)
  }
})

test('a user is moved: challenges from before still count, and what is left behind does not', async (t) => {
  const pair = memories()
  const moved = new Set<string>()
  const { fixture } = await open(pair, { home: (user) => (moved.has(user) ? 'us' : 'eu') })
  const key = await enrolPasskey(fixture, 'ann')
  await enrolPasskey(fixture, 'ben')
  const before = await fixture.service.challenge('ann')
  // The steps of docs/scale.md.
  const record = (await pair.eu.read('ann'))!
  await pair.us.update('ann', () => ({ record, value: undefined }))
  moved.add('ann')
  t.like(await fixture.service.indexPasskeys(), { users: 2, changed: 1, shared: [], failed: [] })

  t.true(before!.id.startsWith(tag('eu')))
  const response = key.get(before!.webauthn!, { origin })
  t.true((await fixture.service.verify('ann', { type: 'webauthn', response })).ok)
  t.false((await fixture.service.verify('ann', { type: 'webauthn', response })).ok)
  t.true((await fixture.service.challenge('ann'))!.id.startsWith(tag('us')))
  t.like(await passkeySignIn(fixture, key), { ok: true, user: 'ann' })
  const users = (await fixture.service.usersPage({ limit: 10 })).users
  t.deepEqual(users.toSorted(), ['ann', 'ben'], 'each once')
  await pair.eu.update('ann', () => ({ record: null, value: undefined }))
  t.like(await passkeySignIn(fixture, key), { ok: true, user: 'ann' })

  // What was opened in either region is gone.
  const here = await fixture.service.challenge('ann')
  moved.delete('ann')
  await fixture.store.clear('ann')
  t.is(await pair.us.take('ann', here!.id, fixture.now), undefined)
})

test('pages of users go through all regions, where each store has them', async (t) => {
  const paged = (store: Store): Store => ({
    ...overriding(store, {}),
    async *usersAfter(after) {
      const all: string[] = []
      for await (const user of store.users()) all.push(user)
      yield* all.toSorted().filter((user) => user > after)
    },
  })
  const pair = memories()
  t.is(regional(pair, byName).usersAfter, undefined)
  t.is(regional({ eu: paged(pair.eu), us: pair.us }, byName).usersAfter, undefined)
  const store = regional({ eu: paged(pair.eu), us: paged(pair.us) }, byName)
  const users = ['eu-1', 'eu-2', 'us-1', 'us-2', 'us-3']
  for (const user of users) await write(store, user, '{}')
  await write(pair.eu, 'us-2', '{"left":"behind"}')
  const after = async (last: string) => {
    const found: string[] = []
    for await (const user of store.usersAfter!(last)) found.push(user)
    return found
  }
  t.deepEqual(await after(''), users)
  for (const [index, user] of users.entries()) t.deepEqual(await after(user), users.slice(index + 1), user)
  t.deepEqual(await after('eu-1x'), users.slice(1), 'a user who is no more')
})

test('the counter of a Yubico key is in the first region, whatever home says', async (t) => {
  const pair = memories()
  const asked: string[] = []
  const store = regional(pair, (user) => (asked.push(user), 'us'))
  const fixture = await Fixture.open(store, { yubico: { secrets: (id) => (id === publicId ? { key: yubicoKey, uid } : undefined) } })
  t.true((await fixture.service.enrolYubico('ann', { code: otp(4, 1), description: '' })).ok)
  t.false((await fixture.service.enrolYubico('ben', { code: otp(4, 1), description: '' })).ok)
  t.deepEqual([...new Set(asked)], ['ann'])
  const inFirst: string[] = []
  for await (const user of pair.eu.users()) inFirst.push(user)
  t.is(inFirst.length, 1)
  t.true(inFirst[0]!.startsWith('countersign:yubico:'))
})

test('a sealed store is sealed in every region', async (t) => {
  const pair = memories()
  const store = sealedStore(regional(pair, byName))
  const fixture = await Fixture.open(store, { challengeKey, ...sealOf(store) })
  for (const user of ['eu-ann', 'us-ann']) {
    const { uri } = await fixture.enrolTotp(user)
    fixture.step()
    t.true((await fixture.service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) })).ok)
    t.notRegex((await pair[byName(user)].read(user))!, /totp/)
  }
  t.like(await fixture.service.checkSealing(), { plain: 0, records: 2 })
})

test('without challengeKey there is no sign-in without a user name; with it, there is', async (t) => {
  const store = regional(memories(), byName)
  t.false('sharedKey' in store)
  await t.throwsAsync(Fixture.open(store, { webauthn: { passkeys: true } }), { message: invalidArgument('challengeKey') })
  const fixture = await Fixture.open(store)
  await t.throwsAsync(fixture.service.challenge({}), { code: 'invalid-argument' })
})

test('migrate() migrates every region once, also if one fails', async (t) => {
  const pair = memories()
  const migrated: string[] = []
  const migrating = (name: string, works: boolean) => ({
    ...overriding(pair.eu, {}),
    migrate: async () => {
      migrated.push(name)
      if (!works) throw new Error(`${name} is down`)
    },
  })
  const [a, b] = [migrating('a', true), migrating('b', false)]
  await regional({ a, b: { users: a, challenges: a }, c: pair.us }, () => 'a').migrate()
  t.deepEqual(migrated.splice(0), ['a', 'a'])
  const error = await rejection(() => regional({ b, a }, () => 'a').migrate())
  t.true(isCountersignError(error, 'store-failed'))
  t.is((error as Error).message, 'The store failed: region b')
  t.deepEqual(migrated, ['b', 'a'])
})

test('users and challenges of a region may be in two stores', async (t) => {
  const [users, challenges] = [memoryStore(), memoryStore()]
  const { fixture } = await open({ eu: { users, challenges } as unknown as Store, us: memoryStore() })
  const { key } = await fixture.enrolKey('eu-ann')
  const id = (await fixture.service.challenge('eu-ann'))!.id
  t.not(await challenges.take('eu-ann', id, fixture.now), undefined)
  t.is(await challenges.read('eu-ann'), undefined)
  t.true((await fixture.service.verify('eu-ann', await fixture.assertion('eu-ann', key))).ok)
})

test('regions and home are checked', (t) => {
  const { eu, us } = memories()
  const make = regional as (regions: unknown, home: unknown) => unknown
  for (const regions of [undefined, null, 'eu', {}, []]) t.throws(() => make(regions, byName), { message: invalidArgument('regions') })
  for (const name of ['', '1', 'e_u', 'é', ' eu', 'eu\n', 'a'.repeat(16), '-eu']) {
    t.throws(() => make({ [name]: eu }, byName), { message: invalidArgument('regions') })
  }
  for (const store of [undefined, null, 5, {}, { users: eu }, { challenges: us }, { ...overriding(eu, {}), take: undefined }]) {
    t.throws(() => make({ eu: store }, byName), { message: invalidArgument('regions.eu') })
  }
  if (process.platform !== 'win32') {
    const file = tfaConfigStore(join(temporaryDirectory(), 'tfa.cfg'), { create: true })
    t.throws(() => make({ eu: file }, byName), { message: invalidArgument('regions.eu') })
  }
  for (const home of [undefined, 'eu', {}]) t.throws(() => make({ eu, us }, home), { message: invalidArgument('home') })
  t.notThrows(() => make({ 'ap-southeast-1': eu, A1: us, ['z'.repeat(15)]: eu }, byName))
})

test('what a host puts in the place of a tag is a failed store', async (t) => {
  for (const wrong of [undefined, null, 5, '', 'eu', 'a'.repeat(17), `${'a'.repeat(15)}=`, `${'a'.repeat(15)}\n`]) {
    const store = overriding(memoryStore(), { challengeTag: async () => wrong as string })
    const fixture = await Fixture.open(store)
    const error = await rejection(() => fixture.service.beginTotp('ann', { account: 'ann' }))
    t.true(isCountersignError(error, 'store-failed'), String(wrong))
  }
})

/** Every way to a user's home. */
function calls(store: Store): (() => Promise<unknown>)[] {
  return [
    () => store.read('ann'),
    () => write(store, 'ann', '{}'),
    () => store.put('ann', challenge('id')),
    () => store.take('ann', 'id', Date.now()),
    () => store.challengeTag!('ann'),
  ]
}

/** A service on two regions, each of which can be down. */
async function open(pair: Pair, { home = byName as (user: string) => 'eu' | 'us' } = {}): Promise<{ fixture: Fixture; down: Set<string> }> {
  const down = new Set<string>()
  const regions = Object.fromEntries(
    Object.entries(pair).map(([name, store]) => [name, 'challenges' in store ? store : failing(name, store, down)]),
  ) as Record<'eu' | 'us', Region>
  return { fixture: await Fixture.open(regional(regions, home), { challengeKey }), down }
}

function failing(name: string, store: Store, down: Set<string>): Store {
  const check = () => {
    if (down.has(name)) throw new Error(`${name} is down`)
  }
  return {
    read: async (user) => (check(), store.read(user)),
    update: async (user, change) => (check(), store.update(user, change)),
    owner: async (handle) => (check(), store.owner(handle)),
    async *users() {
      check()
      yield* store.users()
    },
    put: async (key, one) => (check(), store.put(key, one)),
    take: async (key, id, now) => (check(), store.take(key, id, now)),
    clear: async (key) => (check(), store.clear(key)),
  }
}

async function enrolPasskey(fixture: Fixture, user: string): Promise<TestAuthenticator> {
  const key = new TestAuthenticator({ userVerified: true })
  const creation = await fixture.service.beginWebauthn(user, passkey)
  const enrolled = await fixture.service.finishWebauthn(user, { response: key.create(creation, { origin }), description: 'passkey' })
  if (!enrolled.ok) throw new Error(enrolled.reason)
  return key
}

async function passkeySignIn(fixture: Fixture, key: TestAuthenticator) {
  const { webauthn } = await fixture.service.challenge({})
  return fixture.service.verifyPasskey({ type: 'webauthn', response: key.get(webauthn, { origin }) })
}
