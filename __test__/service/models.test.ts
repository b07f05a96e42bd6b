import test from 'ava'

import { authenticatorName } from '../../facade/authenticators/index.js'
import { memoryStore } from '../../facade/stores/memory-store.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { Factor, OpenOptions } from '../../index.js'
import { Countersign } from '../../index.js'
import { Fixture, origin, rp } from '../helpers/service.js'

type ModelName = NonNullable<NonNullable<OpenOptions['webauthn']>['modelName']>

const yubikey = Uint8Array.from(Buffer.from('fa2b99dc9e3942578f924a30d23c4118', 'hex'))
const name = 'YubiKey 5 Series with NFC'

async function withKey(modelName: ModelName | undefined, aaguid?: Uint8Array) {
  const { service } = await Fixture.open(memoryStore(), { webauthn: { ...(modelName && { modelName }) } })
  const creation = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
  const response = new TestAuthenticator({ ...(aaguid && { aaguid }) }).create(creation, { origin })
  const enrolled = await service.finishWebauthn('ann', { response, description: 'key' })
  if (!enrolled.ok) throw new Error(enrolled.reason)
  return { service, factor: enrolled.factor }
}

const modelOf = (factor: Factor | undefined) => (factor?.type === 'webauthn' ? factor.model : undefined)

test('each way to see a factor says what its model is called', async (t) => {
  const { service, factor } = await withKey(authenticatorName, yubikey)
  t.deepEqual(modelOf(factor), { name })
  t.deepEqual(modelOf((await service.factors('ann'))[0]), { name })
  const renamed = await service.updateFactor('ann', factor.id, { description: 'blue' })
  t.deepEqual(renamed.ok && modelOf(renamed.factor), { name })

  const creation = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
  const response = new TestAuthenticator().create(creation, { origin })
  const other = await service.finishWebauthn('ann', { response, description: 'plain' })
  t.is(other.ok && modelOf(other.factor), undefined, 'a model of zeros')
  const removed = await service.removeFactor('ann', other.ok ? other.factor.id : '')
  t.deepEqual(removed.ok && removed.left.map(modelOf), [{ name }])

  const [code = ''] = await service.createRecoveryCodes('ann')
  const recovered = await service.recover('ann', { recovery: code, remove: [factor.id] })
  t.deepEqual(recovered.ok && recovered.removed.map(modelOf), [{ name }])
})

test('without names nothing changes', async (t) => {
  const { service, factor } = await withKey(undefined, yubikey)
  t.false(Object.hasOwn(factor, 'model'))
  t.false(Object.hasOwn((await service.factors('ann'))[0]!, 'model'))
  t.is(factor.type === 'webauthn' && factor.aaguid, 'fa2b99dc-9e39-4257-8f92-4a30d23c4118')
})

test('what is no name is left out, and never ends an enrolment', async (t) => {
  const wrong: unknown[] = ['', 7, null, { name }, 'a\u0000b', 'a\u202eb', 'a'.repeat(256), Promise.resolve(name)]
  for (const answer of wrong) t.is(modelOf((await withKey((() => answer) as ModelName, yubikey)).factor), undefined, String(answer))
  const throwing = await withKey(() => {
    throw new Error('no such list')
  }, yubikey)
  t.is(modelOf(throwing.factor), undefined)
  let asked = 0
  await withKey(() => (asked += 1, undefined))
  t.is(asked, 0, 'zeros are no model')
})

test('an option that is no function is named', async (t) => {
  const open = Countersign.open({ rp, store: memoryStore(), webauthn: { modelName: name as unknown as ModelName } })
  const error = await t.throwsAsync(open, { code: 'invalid-argument' })
  t.true(error?.message.includes('webauthn.modelName'), error?.message)
})
