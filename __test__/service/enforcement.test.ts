// On every store: a deadline is written once, and neither a sign-in, a reset nor a removal renews it.
import test from 'ava'

import { Countersign, isCountersignError } from '../../index.js'
import type { Duty, OpenOptions, Policy, PolicySubject } from '../../index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, overriding, rp } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'
const day = 86_400_000
const inAMonth = (fixture: () => Fixture): Policy => () => ({ require: true, by: fixture().now + 30 * day })

for (const [name, make] of Object.entries(stores)) {
  const open = async () => {
    const fixture: Fixture = await Fixture.open(await make(), { policy: inAMonth(() => fixture) })
    const { service, now: start } = fixture
    /** The state, and how many days after the start it is due. */
    const state = async () => {
      const { state, by } = await service.enforcement(user)
      return [state, by === undefined ? 0 : (by - start) / day]
    }
    return { fixture, service, state, wait: (days: number) => void (fixture.now += days * day) }
  }

  test(`${name}: everybody has the same time, however often it is asked`, async (t) => {
    const { fixture, service, state, wait } = await open()
    t.deepEqual(await Promise.all(Array.from({ length: 10 }, state)), Array.from({ length: 10 }, () => ['grace', 30]))
    t.is(fixture.events.filter(({ type }) => type === 'deadline-set').length, 1)
    wait(22)
    t.deepEqual(await state(), ['grace', 30])
    wait(1)
    t.deepEqual(await state(), ['expiring', 30])
    t.is(await service.challenge(user), null)
    t.like(await service.status(user), { enrolled: false, removed: undefined })
    t.deepEqual((await service.status(user)).deadlines, [{ require: {}, by: fixture.now + 7 * day }])
    await t.throwsAsync(service.challenge(user, { enrolled: true }), { code: 'record-missing' })
    t.deepEqual(await all(service.users()), [user])
    wait(7)
    t.deepEqual(await state(), ['required', 30])
    await fixture.enrolTotp(user)
    t.deepEqual(await state(), ['none', 0])
  })

  test(`${name}: no sign-in, reset or removal renews it`, async (t) => {
    const { fixture, service, state, wait } = await open()
    const { uri } = await fixture.enrolTotp(user)
    t.deepEqual(await state(), ['none', 0])
    wait(40)
    fixture.step()
    t.true((await service.verify(user, `totp:${totpAt(uri, fixture.now)}`)).ok)
    t.deepEqual(await state(), ['none', 0])
    const { factor } = await fixture.enrolKey(user)
    const codes = await service.createRecoveryCodes(user)
    fixture.step()
    const reset = await service.reset(user, { totp: totpAt(uri, fixture.now), recovery: codes[0]! })
    t.deepEqual(reset.ok && reset.removed.map(({ id }) => id), [factor.id])
    t.true((await service.recover(user, { recovery: codes[1]! })).ok)
    t.deepEqual(await state(), ['required', 30])
    await service.requireEnrolment(user)
    t.deepEqual(await state(), ['required', 30])
    await fixture.enrolTotp(user)
    await service.removeFactors(user)
    t.deepEqual(await state(), ['required', 30])

    t.is(await service.clearDeadlines(user, { by: 'root' }), 1)
    t.like(fixture.events.at(-1), { type: 'deadline-cleared', by: 'root' })
    t.deepEqual(await state(), ['grace', 70 + 1 / 1440])
    await service.removeUser(user)
    wait(5)
    t.deepEqual(await state(), ['grace', 75 + 1 / 1440])
  })

  test(`${name}: a clock that goes back gives no time back`, async (t) => {
    const { fixture, service, state, wait } = await open()
    t.deepEqual(await state(), ['grace', 30])
    wait(40)
    const { factor } = await fixture.enrolTotp(user)
    wait(-40)
    await service.removeFactor(user, factor.id)
    t.deepEqual(await state(), ['required', 30])
  })

  test(`${name}: a report looks at everybody and writes nothing`, async (t) => {
    const { fixture, service, wait } = await open()
    await fixture.enrolTotp('bob')
    await service.enforcement('cid')
    wait(29)
    const users = ['ann', 'bob', 'cid', '']
    const before = await all(service.users())
    const report = await all(service.report(users))
    const [missing] = [{ require: {}, factors: [] }]
    t.deepEqual(report, [
      { user: 'ann', state: 'grace', by: fixture.now + 30 * day, ...missing },
      { user: 'bob', state: 'none', factors: ['totp'] },
      { user: 'cid', state: 'expiring', by: fixture.now + day, ...missing },
      { user: '', state: 'failed', reason: 'invalid-argument' },
    ])
    t.deepEqual(await all(service.users()), before)
    t.deepEqual(fixture.events.filter(({ type }) => type === 'deadline-set').map((event) => event.user), ['cid'])
  })
}

const withPolicy = (policy: Policy, options: Partial<OpenOptions> = {}) => Fixture.open(memoryStore(), { policy, ...options })

test('where it is written already, no update is begun', async (t) => {
  const store = memoryStore()
  let updates = 0
  const counting = overriding(store, { update: (who, change) => (updates += 1, store.update(who, change)) })
  const fixture: Fixture = await Fixture.open(counting, { policy: inAMonth(() => fixture) })
  for (let times = 0; times < 3; times++) await fixture.service.enforcement(user)
  t.is(updates, 1)
})

test('a policy gets the user, the factors and the assurance of the session', async (t) => {
  const asked: PolicySubject[] = []
  const fixture = await withPolicy((subject) => (asked.push(subject), null))
  const { factor } = await fixture.enrolTotp(user)
  const assurance = { amr: ['otp'], level: 1, phishingResistant: false, userVerified: false, deviceBound: false, hardwareBound: false, at: 1 } as const
  const given = { ...assurance, amr: [...assurance.amr] }
  t.deepEqual(await fixture.service.enforcement(user, { assurance: given }), { state: 'none', reminders: ['one-method'] })
  await all(fixture.service.report([user]))
  t.deepEqual(asked.map(({ user, factors, assurance: had }) => [user, factors[0]?.id, had?.at]), [[user, factor.id, 1], [user, factor.id, undefined]])
  t.is((await fixture.service.status(user)).deadlines, undefined, 'nothing was required')
})

test('a factor has to be able to prove what is required', async (t) => {
  const fixture = await withPolicy(() => ({ require: { phishingResistant: true } }))
  await fixture.enrolTotp(user)
  t.like(await fixture.service.enforcement(user), { state: 'required', require: { phishingResistant: true }, by: fixture.now })
  await fixture.enrolKey(user)
  t.is((await fixture.service.enforcement(user)).state, 'none')
})

test('a duty of another kind prolongs none that was there', async (t) => {
  let require: Duty['require'] = true
  const fixture: Fixture = await withPolicy(() => ({ require: require!, by: fixture.now + 30 * day }))
  const first = (await fixture.service.enforcement(user)).by
  fixture.now += 20 * day
  require = { phishingResistant: true, userVerified: true }
  t.like(await fixture.service.enforcement(user), { state: 'grace', by: first })
  fixture.now += 10 * day
  t.like(await fixture.service.enforcement(user), { state: 'required', by: first, require })
  await fixture.enrolTotp(user)
  t.like(await fixture.service.enforcement(user), { state: 'grace', by: first! + 20 * day })
})

test('a weaker duty gives no new time, and neither does a date that was earlier once', async (t) => {
  let require: Duty['require'] = { hardwareBound: true }
  let days = 10
  const fixture: Fixture = await withPolicy(() => ({ require: require!, by: fixture.now + days * day }))
  const { service } = fixture
  const first = (await service.enforcement(user)).by
  fixture.now += 11 * day
  for (require of [{ deviceBound: true }, { phishingResistant: true }, {}, true]) {
    t.like(await service.enforcement(user), { state: 'required', by: first })
  }
  await fixture.enrolTotp(user)
  t.is((await service.enforcement(user)).state, 'none', 'it is all that is asked for now')
  require = { userVerified: true }
  t.like(await service.enforcement(user), { state: 'required', by: first, require })

  require = true
  const state = async () => (await service.enforcement('bob')).state
  days = 60
  t.is(await state(), 'grace')
  days = -1
  t.is(await state(), 'required')
  days = 60
  t.is(await state(), 'required')
})

test('reminders are of what the user has', async (t) => {
  let remind: Duty['remind']
  const fixture = await withPolicy(() => ({ ...(remind !== undefined && { remind }) }), { recovery: { codes: 4 } })
  const { service } = fixture
  const reminders = async () => (await service.enforcement(user)).reminders
  t.deepEqual(await reminders(), [], 'there is nothing to be reminded of without a factor')
  await fixture.enrolKey(user, { backupEligible: true, backupState: true })
  t.deepEqual(await reminders(), ['one-method', 'synced-only'])
  await fixture.enrolKey(user, { backupEligible: true, backupState: true })
  t.deepEqual(await reminders(), ['synced-only'])
  const { uri } = await fixture.enrolTotp(user)
  t.deepEqual(await reminders(), [])
  const codes = await service.createRecoveryCodes(user)
  t.deepEqual(await reminders(), [])
  await service.verify(user, { type: 'recovery', code: codes[0] })
  t.deepEqual(await reminders(), ['few-codes'])
  remind = ['one-method']
  t.deepEqual(await reminders(), [])
  remind = false
  t.deepEqual(await reminders(), [])
  remind = true
  const keys = (await service.factors(user)).filter(({ type }) => type === 'webauthn')
  for (const { id } of keys) await service.updateFactor(user, id, { enable: false })
  t.deepEqual(await reminders(), ['few-codes', 'one-method'], 'what is off does not count')
  t.truthy(uri)
})

/** As some clients of databases make them. */
class Row {
  get require() {
    return true
  }
}

test('what is no answer of a policy is an error, never a duty less', async (t) => {
  const wrong = [undefined, true, [], 'none', { require: 'yes' }, { required: true }, { require: { phishing: true } }, { require: null },
    { require: true, by: '2030' }, { require: true, by: 1_893_456_000 }, { require: true, by: 0 }, { require: true, by: new Date() }, { remind: ['codes'] }, new Row(), Object.create({ require: true })]
  for (const answer of wrong) {
    const { service } = await withPolicy(() => answer as Duty)
    await t.throwsAsync(service.enforcement(user), { code: 'invalid-argument', message: /policy\(\)/ })
    await t.throwsAsync(all(service.report([user])), { code: 'invalid-argument' })
  }
  const { service } = await withPolicy(async () => {
    throw new Error('no database')
  })
  const error = await t.throwsAsync(service.enforcement(user), { code: 'store-failed' })
  t.is((error!.cause as Error).message, 'no database')
  await t.throwsAsync(all(service.report([user])), { code: 'store-failed' })
})

test('a date in seconds is refused with what it should be, and not stored', async (t) => {
  const store = memoryStore()
  const { service } = await Fixture.open(store, { policy: () => ({ require: true, by: Date.UTC(2030) / 1000 }) })
  await t.throwsAsync(service.enforcement(user), {
    code: 'invalid-argument', message: /policy\(\)\.by must be epoch milliseconds, .* maybe yours is in seconds/,
  })
  t.is(await store.read(user), undefined)
})

test('a policy that fails while the next user is still being read fails the report, and not the process', async (t) => {
  const { service } = await withPolicy(async ({ user }) => {
    if (user === 'bob') throw new Error('no database')
    return { require: true }
  })
  const unhandled: unknown[] = []
  const note = (reason: unknown) => void unhandled.push(reason)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
  try {
    const slowly = async function* () {
      for (const one of ['ann', 'bob', 'cid']) {
        yield one
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    await t.throwsAsync(all(service.report(slowly())), { code: 'store-failed' })
  } finally {
    process.removeListener('unhandledRejection', note)
    for (const one of others) process.on('unhandledRejection', one)
  }
  t.deepEqual(unhandled, [])
})

test('a report is of a list of users, and one text is none', async (t) => {
  const { service } = await withPolicy(() => null)
  for (const users of ['ann', 5, undefined, null, {}, () => [user]]) {
    await t.throwsAsync(all(service.report(users as string[])), { code: 'invalid-argument', message: /users must be the ids/ })
  }
  t.is((await all(service.report(new Set([user])))).length, 1)
})

test('closing waits for the lines of a report that are being read, and not for one who never comes for the next', async (t) => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => { release = resolve })
  const read: string[] = []
  const { service } = await withPolicy(async ({ user }) => {
    await gate
    read.push(user)
    return { require: true }
  })
  const abandoned = service.users()[Symbol.asyncIterator]()
  await abandoned.next()
  const report = service.report(['ann', 'bob'])[Symbol.asyncIterator]()
  const line = report.next()
  let closed = false
  const closing = service.close().then(() => { closed = true })
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.false(closed)
  release()
  t.like(await line, { done: false, value: { user: 'ann' } })
  await closing
  t.deepEqual(read, ['ann', 'bob'])
  await t.throwsAsync(report.next(), { code: 'closed' })
  t.true((await report.next()).done)
})

test('a report that fails leaves nothing behind that still reads', async (t) => {
  const read: string[] = []
  const { service } = await withPolicy(async ({ user }) => {
    if (user === 'ann') throw new Error('no database')
    await new Promise((resolve) => setTimeout(resolve, 20))
    read.push(user)
    return { require: true }
  })
  await t.throwsAsync(all(service.report(['ann', 'bob'])), { code: 'store-failed' })
  t.deepEqual(read, ['bob'])
})

test('without a policy there is nothing to ask', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  await t.throwsAsync(service.enforcement(user), { code: 'invalid-argument' })
  await t.throwsAsync(all(service.report([user])), { code: 'invalid-argument' })
  t.is(await service.clearDeadlines(user), 0)
  await t.throwsAsync(Countersign.open({ rp, store: memoryStore(), policy: {} as Policy }), { message: /policy must be a function/ })
  await service.close()
  t.throws(() => service.report([user]), { code: 'closed' })
})

test('a record that can’t be read is one line of a report, and no way around its date', async (t) => {
  const store = memoryStore()
  const fixture = await Fixture.open(store, { policy: () => ({ require: true, by: 1e12 }) })
  await store.update(user, () => ({ record: '[]', handle: undefined, value: undefined }))
  await store.update('bob', () => ({ record: '{"deadlines":7}', handle: undefined, value: undefined }))
  t.deepEqual(await all(fixture.service.report([user, 'bob'])), [
    { user, state: 'failed', reason: fixture.options.seal ? 'record-sealed' : 'record-corrupt' },
    { user: 'bob', state: 'required', by: 1e12, require: {}, factors: ['unknown'] },
  ])
  const error = await t.throwsAsync(fixture.service.enforcement(user))
  t.true(isCountersignError(error))
  t.is((await fixture.service.enforcement('bob')).state, 'required')
  t.is(await store.read('bob'), '{"deadlines":7}')
})

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
