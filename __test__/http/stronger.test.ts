// What a session keeps of its assurance when it is proved again.
import test from 'ava'

import { assuranceAfter } from '../../facade/http/sessions/stronger.js'
import type { Assurance } from '../../index.js'

const start = 1_800_000_000_000
const fresh = 300_000
const byKey: Assurance = {
  amr: ['pwd', 'pop', 'user', 'mfa'], level: 3, phishingResistant: true, userVerified: true, deviceBound: true, hardwareBound: false, at: start,
}
const byCode: Assurance = {
  amr: ['pwd', 'otp', 'mfa'], level: 2, phishingResistant: false, userVerified: false, deviceBound: false, hardwareBound: false, at: start + 60_000,
}
const outcome = { ok: true, purpose: 'step-up', factor: { id: '1', type: 'totp' }, at: 0, assurance: byCode } as const

test('a weaker step-up replaces nothing that is fresh', (t) => {
  t.is(assuranceAfter(byKey, outcome, fresh), byKey)
  for (const at of [start - 1, start + fresh]) {
    const assurance = { ...byCode, at }
    t.is(assuranceAfter(byKey, { ...outcome, assurance }, fresh), assurance, 'not in its time')
  }
})

test('what is as good, better, or good for something else replaces it', (t) => {
  t.is(assuranceAfter(undefined, outcome, fresh), byCode)
  t.is(assuranceAfter(byCode, { ...outcome, assurance: byKey }, fresh), byKey)
  for (const change of [{}, { hardwareBound: true }, { hardwareBound: true, userVerified: false, level: 2 }] as const) {
    const assurance = { ...byKey, ...change, at: start + 1 }
    t.is(assuranceAfter(byKey, { ...outcome, assurance }, fresh), assurance)
  }
})

test('a recovery code and a reset replace it: the key may be lost', (t) => {
  const recovery = { id: 'recovery', type: 'recovery' } as const
  t.is(assuranceAfter(byKey, { ...outcome, factor: recovery }, fresh), byCode)
  t.is(assuranceAfter(byKey, { ...outcome, purpose: 'reset' }, fresh), byCode)
  t.is(assuranceAfter(byKey, { ...outcome, purpose: 'sign-in' }, fresh), byCode)
})
