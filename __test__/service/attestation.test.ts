import test from 'ava'

import { Countersign, tpmVendors } from '../../index.js'
import type { AttestationPolicy, CountersignEvent } from '../../index.js'
import { memoryStore } from '../../facade/stores/memory-store.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { origin, rp } from '../helpers/service.js'

const open = (attestationPolicy: unknown, onEvent?: (event: CountersignEvent) => void) =>
  Countersign.open({
    rp, store: memoryStore(), webauthn: { attestation: 'direct', attestationPolicy: attestationPolicy as AttestationPolicy },
    ...(onEvent && { onEvent }),
  })

/** A compound statement of the one in `object`, and of the same with another signature. */
function halfBroken(object: Buffer): Buffer {
  const [start, end] = [object.indexOf('attStmt') + 7, object.indexOf('authData') - 1]
  const statement = object.subarray(start, end)
  const broken = Buffer.from(statement)
  broken[broken.length - 1]! ^= 1
  const text = (value: string) => Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
  const part = (of: Buffer) => Buffer.concat([Buffer.from([0xa2]), text('fmt'), text('packed'), text('attStmt'), of])
  return Buffer.concat([
    Buffer.from([0xa3]), text('fmt'), text('compound'), text('attStmt'), Buffer.from([0x82]), part(statement), part(broken),
    object.subarray(end),
  ])
}

async function enrol(policy: AttestationPolicy | undefined): Promise<string | true> {
  const events: CountersignEvent[] = []
  const service = await open(policy, (event) => events.push(event))
  const creation = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
  const response = new TestAuthenticator().create(creation, { origin, attestation: 'packed' })
  const object = Buffer.from(response.response.attestationObject, 'base64url')
  response.response.attestationObject = halfBroken(object).toString('base64url')
  const { ok } = await service.finishWebauthn('ann', { response, description: '' })
  return ok || String(events.at(-1)?.reason)
}

test('the policy of a format decides at enrolment', async (t) => {
  t.is(await enrol(undefined), 'attestation-invalid')
  t.is(await enrol({ compound: 'all' }), 'attestation-invalid')
  t.is(await enrol({ compound: 'any', tpm: { vendors: tpmVendors } }), true)
})

test('a wrong policy is named', async (t) => {
  const wrong: [string, unknown][] = [
    ['', 'strict'], ['.tmp', { tmp: {} }], ['.tpm.vendors[0]', { tpm: { vendors: ['IFX'] } }],
    ['.androidKey.securityLevel', { androidKey: { securityLevel: 'hardware' } }],
  ]
  for (const [name, policy] of wrong) {
    const error = await t.throwsAsync(open(policy), { code: 'invalid-argument' })
    t.true(error?.message.includes(`webauthn.attestationPolicy${name} `), error?.message)
  }
})
