import test from 'ava'
import { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository, WebAuthnEmulator } from 'nid-webauthn-emulator'

import { Fixture, origin } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'

/** Its CBOR reads streams as Node did before 26, and refuses every request there. */
const emulated = Number.parseInt(process.versions.node, 10) < 26 ? test : test.skip

// An authenticator by other hands than ours, so that one misreading of the specification is not on both sides.
for (const [algorithm, number] of Object.entries({ ES256: -7, EdDSA: -8, RS256: -257 })) {
  for (const [name, makeStore] of Object.entries(stores)) {
    emulated(`${name}: ${algorithm}, security key and passkey`, async (t) => {
      const authenticator = new AuthenticatorEmulator({
        algorithmIdentifiers: [algorithm as 'ES256'],
        credentialsRepository: new PasskeysCredentialsMemoryRepository(),
      })
      const emulator = new WebAuthnEmulator(authenticator)
      const { service } = await Fixture.open(await makeStore())
      const person = { name: 'ann', displayName: 'Ann', residentKey: 'required', userVerification: 'required' } as const
      const creation = await service.beginWebauthn(user, person)
      const response = emulator.createJSON(origin, creation as never)
      const enrolled = await service.finishWebauthn(user, { response, description: 'passkey' })
      t.like(enrolled, { ok: true, factor: { type: 'webauthn', algorithm: number } })
      for (let i = 0; i < 2; i++) {
        const challenge = await service.challenge(user)
        const answer = { type: 'webauthn', response: emulator.getJSON(origin, challenge!.webauthn as never) }
        t.like(await service.verify(user, answer), { ok: true, userVerified: true })
        t.deepEqual(await service.verify(user, answer), { ok: false, reason: 'rejected' })
      }
    })
  }
}
