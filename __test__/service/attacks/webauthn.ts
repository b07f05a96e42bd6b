import { TestAuthenticator } from '../../../facade/testing/test-authenticator.js'
import { Fixture, origin } from '../../helpers/service.js'
import { rejected } from './attack.js'
import type { Attack } from './attack.js'

const user = 'ann'
const person = { name: 'ann', displayName: 'Ann' }

export const webauthnAttacks: Attack[] = [
  {
    name: 'one challenge that signs in twice, or after its time, or in parallel',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { service } = fixture
      const { key } = await fixture.enrolKey(user, { signCount: null })
      const answer = await fixture.assertion(user, key)
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => service.verify(user, answer)))
      t.is(outcomes.filter(({ ok }) => ok).length, 1)
      const late = await fixture.assertion(user, key)
      fixture.now += 300_000
      t.deepEqual(await service.verify(user, late), rejected)
    },
  },
  {
    name: 'a challenge of another user, purpose, session or ceremony',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { service } = fixture
      const { key } = await fixture.enrolKey(user)
      const { key: eves } = await fixture.enrolKey('eve')
      const sign = async (options: object, who = user, device = key) => {
        const challenge = await service.challenge(who, options)
        return { type: 'webauthn', response: device.get(challenge!.webauthn!, { origin }) }
      }
      t.deepEqual(await service.verify(user, await sign({}, 'eve', eves)), rejected)
      t.deepEqual(await service.verify('eve', await sign({})), rejected)
      t.deepEqual(await service.verify(user, await sign({ purpose: 'step-up' })), rejected)
      t.deepEqual(await service.verify(user, await sign({}), { purpose: 'step-up' }), rejected)
      t.deepEqual(await service.verify(user, await sign({ session: 'a' }), { session: 'b' }), rejected)
      t.deepEqual(await service.verify(user, await sign({ session: 'a' })), rejected)
      t.deepEqual(await service.verify(user, await sign({}), { session: 'a' }), rejected)
      t.true((await service.verify(
        user, await sign({ session: 'a', purpose: 'step-up' }), { session: 'a', purpose: 'step-up' },
      )).ok)
      const creation = await service.beginWebauthn(user, person)
      const response = key.get({
        challenge: creation.challenge, rpId: 'example.com', allowCredentials: creation.excludeCredentials ?? [],
      }, { origin })
      t.deepEqual(await service.verify(user, { type: 'webauthn', response }), rejected)
      const challenge = await service.challenge(user)
      const made = new TestAuthenticator().create(
        { ...creation, challenge: challenge!.webauthn!.challenge }, { origin },
      )
      t.false((await service.finishWebauthn(user, { response: made, description: '' })).ok)
      t.is((await service.factors(user)).length, 1)
    },
  },
  {
    name: 'a refused answer to no factor of this user takes no challenge',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { key } = await fixture.enrolKey(user)
      const { key: eves } = await fixture.enrolKey('eve')
      const challenge = await fixture.service.challenge(user)
      const id = eves.credentials[0]!.id
      const foreign = eves.get(challenge!.webauthn!, { origin, credentialId: id })
      t.deepEqual(await fixture.service.verify(user, { type: 'webauthn', response: foreign }), rejected)
      t.deepEqual(await fixture.service.verify('nobody', { type: 'webauthn', response: foreign }), rejected)
      const response = key.get(challenge!.webauthn!, { origin })
      t.true((await fixture.service.verify(user, { type: 'webauthn', response })).ok)
    },
  },
  {
    name: 'a ninth challenge pushes out the oldest, and no other purpose',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { service } = fixture
      const { key } = await fixture.enrolKey(user)
      const step = await service.challenge(user, { purpose: 'step-up' })
      const open: Awaited<ReturnType<typeof service.challenge>>[] = []
      for (let i = 0; i < 9; i++) open.push(await service.challenge(user))
      const answer = (index: number) => ({ type: 'webauthn', response: key.get(open[index]!.webauthn!, { origin }) })
      t.deepEqual(await service.verify(user, answer(0)), rejected)
      t.true((await service.verify(user, answer(1))).ok)
      const response = key.get(step!.webauthn!, { origin })
      t.true((await service.verify(user, { type: 'webauthn', response }, { purpose: 'step-up' })).ok)
    },
  },
  {
    name: 'a policy that only the browser keeps: user verification, algorithm, origin',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore(), {
        webauthn: { userVerification: 'required', algorithms: [-7] },
      })
      const { service } = fixture
      const register = async (key: TestAuthenticator, at = origin) => {
        const response = key.create(await service.beginWebauthn(user, person), { origin: at })
        return service.finishWebauthn(user, { response, description: '' })
      }
      t.deepEqual(await register(new TestAuthenticator({ userVerified: false })), rejected)
      t.deepEqual(await register(new TestAuthenticator({ userVerified: true, algorithm: 'EdDSA' })), rejected)
      t.deepEqual(await register(new TestAuthenticator({ userVerified: true }), 'https://evil.example'), rejected)
      const key = new TestAuthenticator({ userVerified: true })
      t.true((await register(key)).ok)
      for (const ceremony of [{ userVerified: false }, { userPresent: false }, { origin: 'https://evil.example' }]) {
        const challenge = await service.challenge(user)
        const response = key.get(challenge!.webauthn!, { origin, ...ceremony })
        t.deepEqual(await service.verify(user, { type: 'webauthn', response }), rejected)
      }
    },
  },
  {
    name: 'a copied authenticator',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { service } = fixture
      const { key } = await fixture.enrolKey(user, { signCount: 5 })
      t.true((await service.verify(user, await fixture.assertion(user, key))).ok)
      const held = key.credentials[0]!
      held.signCount = 3
      t.deepEqual(await service.verify(user, await fixture.assertion(user, key)), rejected)
      t.is(fixture.events.at(-1)?.reason, 'counter-not-increased')
      held.signCount = 5
      t.deepEqual(
        await service.verify(user, await fixture.assertion(user, key)), rejected, 'the counter was written back',
      )
      held.signCount = 9
      t.true((await service.verify(user, await fixture.assertion(user, key))).ok)
      const lenient = await fixture.another({ webauthn: { counter: 'report' } })
      held.signCount = 0
      const challenge = await lenient.challenge(user)
      const response = key.get(challenge!.webauthn!, { origin })
      t.like(await lenient.verify(user, { type: 'webauthn', response }), { ok: true, counter: 'not-increased' })
    },
  },
  {
    name: 'backup flags: eligibility stays, the state is written back',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { key } = await fixture.enrolKey(user, { backupEligible: true })
      const held = key.credentials[0]!
      held.backupState = true
      t.true((await fixture.service.verify(user, await fixture.assertion(user, key))).ok)
      t.like((await fixture.service.factors(user))[0], { backupEligible: true, backupState: true })
      held.backupEligible = false
      held.backupState = false
      t.deepEqual(await fixture.service.verify(user, await fixture.assertion(user, key)), rejected)
    },
  },
  {
    name: 'the same credential twice for one user',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { key } = await fixture.enrolKey(user)
      const id = key.credentials[0]!.id
      const creation = await fixture.service.beginWebauthn(user, person)
      t.deepEqual(creation.excludeCredentials?.map((excluded) => excluded.id), [id])
      t.throws(() => key.create(creation, { origin }), { any: true, name: 'InvalidStateError' })
    },
  },
  {
    name: 'a configuration that can not offer WebAuthn any more turns into no second factor',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { factor, key } = await fixture.enrolKey(user)
      const { factor: phone } = await fixture.enrolTotp(user)
      await fixture.service.updateFactor(user, factor.id, { enable: false })
      await fixture.service.removeFactor(user, phone.id)
      const challenge = await fixture.service.challenge(user)
      t.truthy(challenge)
      t.deepEqual(Object.keys(challenge ?? {}), ['id'])
      const moved = await fixture.another(
        { rp: { id: 'moved.example', name: 'Moved', origins: ['https://moved.example'] } },
      )
      t.truthy(await moved.challenge(user))
      t.truthy(key)
    },
  },
  {
    name: 'wrong signatures lock nobody out',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore(), { limits: { failures: 2, totpFailures: 2 } })
      const { key } = await fixture.enrolKey(user)
      for (let i = 0; i < 5; i++) {
        const answer = await fixture.assertion(user, key)
        answer.response.response.signature = Buffer.alloc(70, i).toString('base64url')
        t.deepEqual(await fixture.service.verify(user, answer), rejected)
      }
      t.is((await fixture.service.status(user)).failures, 0)
      t.true((await fixture.service.verify(user, await fixture.assertion(user, key))).ok)
    },
  },
]
