import test from 'ava'

import { fromOtplib, fromSimpleWebAuthn } from '../../facade/migration/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, origin } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'
const malformed = { ok: false, reason: 'malformed' }

/** What a client may send where an object with codes is wanted. */
const strange: unknown[] = [
  null, undefined, 7, true, 'text', [], ['123456'], {}, { csrf: 'x' }, new Map(), () => 7,
  { get totp() { throw new Error('no') } }, new Proxy({}, { ownKeys() { throw new Error('no') } }),
]

/** Descriptions that nobody's factor may have: each hides something, or has others read in another order. */
const unfit = [
  'a\tb', 'a\n', '\u{0}', '\u{7f}', '\u{9f}', '\u{61c}', 'a\u{200e}', '\u{200f}a', '\u{202a}', '\u{202e}yek', '\u{2066}', '\u{2069}',
  '\u{e0001}', '\u{1f3f4}\u{e0067}\u{e007f}', '\ud800', 'a'.repeat(256),
]
const fit = ['', 'Ann’s – key', 'מפתח', '🔑️', 'a\u{200d}b', '🔑'.repeat(255)]

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: what a client sent never makes a method reject, and changes nothing`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const { uri, factor } = await fixture.enrolTotp(user)
    await fixture.enrolKey(user)
    const [recovery = ''] = await service.createRecoveryCodes(user)
    fixture.step()
    const totp = totpAt(uri, fixture.now)
    const before = await fixture.store.read(user)
    for (const sent of strange as never[]) {
      t.deepEqual(await service.reset(user, sent), malformed)
      t.deepEqual(await service.recover(user, sent), malformed)
      t.false((await service.verify(user, sent)).ok)
      t.false((await service.verifyPasskey(sent)).ok)
      t.false((await service.updateFactor(user, sent, { description: 'x' })).ok)
      t.false((await service.removeFactor(user, sent)).ok)
      if (sent === 'text') continue
      t.deepEqual(await service.reset(user, { totp, recovery, remove: [sent] }), malformed)
    }
    t.deepEqual(await service.reset(user, { totp, recovery, csrf: 'x' } as never), malformed)
    t.deepEqual(await service.recover(user, { recovery, csrf: 'x' } as never), malformed)
    for (const description of [...unfit, 7, null, {}, []] as never[]) {
      t.deepEqual(await service.updateFactor(user, factor.id, { description }), malformed, JSON.stringify(description))
    }
    t.is(await fixture.store.read(user), before)
    t.true((await service.reset(user, { totp, recovery })).ok)
  })

  test(`${name}: descriptions that hide or turn text around are refused, and the enrolment stays open`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const { enrolment, uri } = await service.beginTotp(user, { account: 'ann' })
    const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
    const response = new TestAuthenticator().create(creation, { origin })
    const code = totpAt(uri, fixture.now)
    for (const description of [...unfit, 7, null, undefined] as never[]) {
      t.deepEqual(await service.finishTotp(user, { enrolment, code, description }), malformed)
      t.deepEqual(await service.finishWebauthn(user, { response, description }), malformed)
    }
    const enrolled = await service.finishTotp(user, { enrolment, code, description: 'phone' })
    t.true((await service.finishWebauthn(user, { response, description: 'key' })).ok)
    if (!enrolled.ok) return t.fail()
    for (const description of fit) {
      t.like(await service.updateFactor(user, enrolled.factor.id, { description }), { ok: true, factor: { description } })
    }
  })
}

test('imports are held to the same descriptions', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  for (const description of unfit) {
    const { factors } = fromOtplib(secret)
    const named = factors.map((factor) => ({ ...factor, description }))
    await t.throwsAsync(service.importFactors(user, { factors: named, left: [] }), { code: 'invalid-argument' })
  }
  // What another system let its users write is no mistake of the host.
  const rows = unfit.filter((name) => name !== '\ud800').map((name) => ({ secret, name }))
  const { factors, left } = fromOtplib(rows)
  t.deepEqual(left, [])
  const { taken } = await service.importFactors(user, { factors: factors.filter(({ description }) => description.includes('yek')), left })
  t.is(taken[0]?.factor.description, 'yek')
  const key = { id: Buffer.alloc(16, 1).toString('base64url'), publicKey: 'AAAA', counter: 0, name: 'my\u{202e}key' }
  t.is(fromSimpleWebAuthn(key).factors[0]?.description, 'mykey')
})
