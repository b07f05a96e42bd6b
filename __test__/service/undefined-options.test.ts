// An option that protects something, and comes out undefined where it is read from.
import test from 'ava'

import { Countersign } from '../../index.js'
import { checkPluginOptions } from '../../facade/better-auth/options.js'
import { createHandler, requireFresh } from '../../facade/http/index.js'
import { createSessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { Fixture, rp } from '../helpers/service.js'

const isUndefined = (name: string) => ({ code: 'invalid-argument', message: new RegExp(`^Invalid argument: ${name} is undefined: set `) }) as const

test('open() refuses them, and says what to do', async (t) => {
  for (const name of ['challengeKey', 'seal', 'audit', 'policy']) {
    await t.throwsAsync(Countersign.open({ rp, store: memoryStore(), [name]: undefined } as never), isUndefined(name))
  }
  for (const name of ['userVerification', 'metadata', 'authenticators']) {
    await t.throwsAsync(Countersign.open({ rp, store: memoryStore(), webauthn: { [name]: undefined } } as never), isUndefined(`webauthn\\.${name}`))
  }
  // What protects nothing, or is strict by default.
  await Countersign.open({ rp, store: memoryStore(), onEvent: undefined, limits: undefined, webauthn: { counter: undefined } } as never)
})

test('calls refuse them: no session, no requirement, and nothing known of the user', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  for (const name of ['session', 'require', 'enrolled']) {
    await t.throwsAsync(service.challenge('ann', { [name]: undefined } as never), isUndefined(name))
  }
  for (const name of ['session', 'require']) {
    const options = { [name]: undefined } as never
    await t.throwsAsync(service.verify('ann', '', options), isUndefined(name))
    await t.throwsAsync(service.challenge(options), isUndefined(name))
    await t.throwsAsync(service.verifyPasskey('', options), isUndefined(name))
  }
  for (const name of ['session', 'firstOnly', 'require']) {
    const options = { enrolment: '', code: '', description: '', [name]: undefined } as never
    await t.throwsAsync(service.finishTotp('ann', options), isUndefined(name))
  }
})

test('user() of a handler may not say that it knows nothing of a user whom it should know', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  for (const name of ['session', 'enrolled']) {
    let reported: unknown
    const handler = createHandler(service, {
      user: () => ({ id: 'ann', state: 'verified', at: Date.now(), [name]: undefined }) as never,
      onVerified: () => undefined,
      onError: (error) => void (reported = error),
    })
    const response = await handler(new Request(`${rp.origins[0]}/countersign/factors`))
    t.is(response?.status, 500)
    t.like(reported, { code: 'invalid-argument' })
    t.regex(String(reported), new RegExp(`${name} is undefined`))
  }
})

test('handlers, sessions and freshness refuse them: nobody has to have a factor, and any proof is enough', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const host = { user: () => null, onVerified: () => undefined }
  for (const name of ['required', 'require']) {
    t.throws(() => createHandler(service, { ...host, [name]: undefined } as never), isUndefined(name))
    t.throws(() => createSessions(service, { store: memorySessions(), account: () => null, [name]: undefined } as never), isUndefined(name))
  }
  t.throws(() => checkPluginOptions({ rp, page: '/two-step', required: undefined } as never), isUndefined('required'))
  const sessions = createSessions(service, { store: memorySessions(), account: () => null })
  for (const name of ['phishingResistant', 'compliant']) {
    await t.throwsAsync(sessions.check(new Request('https://example.com/'), { [name]: undefined } as never), isUndefined(`options\\.${name}`))
  }
  t.throws(() => requireFresh({ at: 0 } as never, { within: 300, phishingResistant: undefined } as never), isUndefined('phishingResistant'))
})
