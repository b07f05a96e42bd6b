// Pages that encode with `btoa`, through the handler.
import test from 'ava'

import { TestAuthenticator } from '../../facade/testing/index.js'
import { origin } from '../helpers/service.js'
import { canBeSpoilt, misspellings, respelt, spellings } from '../helpers/spellings.js'
import { HttpHost, user } from './http-host.js'

/** A signed-in user, and a response of a new key whose members can all be spoilt. */
async function registering(use: 'passkey' | 'second-factor' = 'second-factor') {
  const host = (await HttpHost.open()).verified()
  for (;;) {
    const key = new TestAuthenticator({ userVerified: true })
    const sent = key.create((await host.client.post('/factors/webauthn', { use })).body, { origin })
    if ([sent.id, sent.response.attestationObject].every(canBeSpoilt)) return { host, key, sent }
  }
}

for (const [name, spell] of Object.entries(spellings)) {
  test(`${name}: registers and signs in, and one credential has one id`, async (t) => {
    const { host, key, sent } = await registering('passkey')
    const finish = (response: object) => host.client.post('/factors/webauthn/finish', { response, description: 'key' })
    const enrolled = await finish(respelt(sent, spell))
    t.like(enrolled.body, { ok: true, factor: { credentialId: sent.id } })
    host.pending()
    const { challenge } = (await host.client.post('/challenge')).body
    const response = key.get(challenge.webauthn, { origin })
    t.like((await host.client.post('/verify', { answer: { type: 'webauthn', response: respelt(response, spell) } })).body, {
      ok: true, factor: { id: enrolled.body.factor.id },
    })

    host.session = null
    const { webauthn } = (await host.client.post('/passkey/challenge')).body
    const alone = key.get(webauthn, { origin })
    t.is(typeof alone.response.userHandle, 'string')
    t.like((await host.client.post('/passkey/verify', { answer: { type: 'webauthn', response: respelt(alone, spell) } })).body, {
      ok: true, factor: { id: enrolled.body.factor.id },
    })
    t.is((await host.fixture.service.factors(user)).length, 1)
  })
}

for (const [name, spoil] of Object.entries(misspellings)) {
  test(`${name}: refused, whichever member has it`, async (t) => {
    const { host, key, sent } = await registering()
    for (const member of ['rawId', 'attestationObject', 'id']) {
      const response = respelt(sent, spoil, member)
      t.notDeepEqual(response, sent)
      const refused = await host.client.post('/factors/webauthn/finish', { response, description: 'key' })
      t.like(refused, { status: 403, body: { ok: false } }, member)
      t.is(host.fixture.events.at(-1)!.reason, 'malformed')
    }
    t.deepEqual(await host.fixture.service.factors(user), [])

    const begun = (await host.client.post('/factors/webauthn', {})).body
    const right = key.create(begun, { origin })
    t.is((await host.client.post('/factors/webauthn/finish', { response: right, description: 'key' })).status, 200)
    host.pending()
    for (let refused = 0; refused < 3; ) {
      const { challenge } = (await host.client.post('/challenge')).body
      const response = key.get(challenge.webauthn, { origin })
      if (!canBeSpoilt(response.response.signature)) continue
      const answer = { type: 'webauthn', response: respelt(response, spoil, 'signature') }
      t.notDeepEqual(answer.response, response)
      t.like(await host.client.post('/verify', { answer }), { status: 403, body: { ok: false } })
      refused += 1
    }
    t.is(host.session?.state, 'pending')
  })
}
