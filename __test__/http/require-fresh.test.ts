// What a route of the host's own answers where a fresh verification is needed.
import test from 'ava'
import { requireFresh } from '../../facade/http/index.js'
import type { FreshOptions, HttpUser } from '../../facade/http/index.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const now = 1_800_000_000_000
const ann: HttpUser = { id: 'ann', state: 'verified', at: now - 60_000 }

const bad = (name: string) => ({ code: 'invalid-argument', message: invalidArgument(name) })

async function problemOf(user: HttpUser | null | undefined, options: Partial<FreshOptions> = {}) {
  const response = requireFresh(user, { within: 300, now, ...options })
  if (!response) return undefined
  const { status, headers } = response
  const { type, ...rest } = (await response.json()) as { type: string; status: number; title: string }
  return { status, name: type.replace('urn:countersign:problem:', ''), same: rest.status === status, headers: Object.fromEntries(headers) }
}

test('who was verified lately goes on, and nobody else', async (t) => {
  t.is(requireFresh(ann, { within: 300, now }), undefined)
  const refused = [
    [null, 401, 'not-signed-in'],
    [undefined, 401, 'not-signed-in'],
    [{ ...ann, state: 'pending' }, 401, 'second-factor-required'],
    [{ ...ann, at: now - 300_000 }, 403, 'step-up-required'],
    [{ ...ann, at: 0 }, 403, 'step-up-required'],
    // A clock that is ahead by more than machines differ makes nothing fresh.
    [{ ...ann, at: now + 120_000 }, 403, 'step-up-required'],
  ] as const
  for (const [user, status, name] of refused) {
    const problem = await problemOf(user as HttpUser | null)
    t.like(problem, { status, name, same: true, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' } })
    t.is(problem?.headers['www-authenticate'], undefined)
  }
  t.is(requireFresh({ ...ann, at: now - 299_999 }, { within: 300, now }), undefined)
  t.is(requireFresh({ ...ann, at: now + 30_000 }, { within: 300, now }), undefined)
})

test('by the real clock where none is given', (t) => {
  t.is(requireFresh({ ...ann, at: Date.now() - 1000 }, { within: 300 }), undefined)
  t.is(requireFresh({ ...ann, at: Date.now() - 301_000 }, { within: 300 })?.status, 403)
})

test('clients with bearer tokens are told as RFC 9470 says', async (t) => {
  const old = { ...ann, at: 0 }
  const age = await problemOf(old, { bearer: true })
  t.like(age, { status: 401, name: 'step-up-required', same: true })
  t.is(
    age?.headers['www-authenticate'],
    'Bearer error="insufficient_user_authentication", error_description="A fresh verification of the user is needed", max_age="300"',
  )
  const classes = await problemOf(old, { bearer: { acrValues: ['phr', 'urn:example:2'] } })
  t.true(classes?.headers['www-authenticate']?.endsWith('acr_values="phr urn:example:2"'))
  t.is((await problemOf(null, { bearer: true }))?.headers['www-authenticate'], 'Bearer')
  t.is(requireFresh(ann, { within: 300, now, bearer: true }), undefined)
})

test('only a phishing-resistant verification counts where that is wanted', async (t) => {
  const assurance = {
    amr: ['pop', 'user'], level: 1, phishingResistant: true, userVerified: false, deviceBound: true, hardwareBound: false, at: ann.at,
  } as const
  const byKey: HttpUser = { ...ann, assurance: { ...assurance, amr: [...assurance.amr] } }
  const wanted = { within: 300, now, phishingResistant: true }
  t.is(requireFresh(byKey, wanted), undefined)
  const byCode: HttpUser = { ...byKey, assurance: { ...byKey.assurance!, phishingResistant: false } }
  for (const user of [ann, byCode, { ...byKey, at: now - 300_000 }]) {
    const refusal = requireFresh(user, wanted)!
    t.is(refusal.status, 403)
    t.like(await refusal.json(), { type: 'urn:countersign:problem:step-up-required', phishingResistant: true })
    const bearer = requireFresh(user, { ...wanted, bearer: true })!
    t.true(bearer.headers.get('www-authenticate')!.endsWith(', acr_values="phr phrh", max_age="300"'))
  }
  t.is(requireFresh(byCode, { within: 300, now }), undefined)
  t.false('phishingResistant' in ((await requireFresh(null, wanted)!.json()) as object), 'it helps nobody who is not signed in')
  for (const [name, wrong] of Object.entries({ level: 4, amr: 'pop', phishingResistant: 1 })) {
    const user = { ...byKey, assurance: { ...byKey.assurance, [name]: wrong } } as never
    t.throws(() => requireFresh(user, wanted), bad(`user.assurance.${name}`))
  }
})

test('options that can do nothing, or break the header, are refused by their name', (t) => {
  const wrong: [Partial<Record<keyof FreshOptions, unknown>>, string][] = [
    [{ within: 0 }, 'within'],
    [{ within: 86_401 }, 'within'],
    [{ within: undefined }, 'within'],
    [{ bearer: 'yes' }, 'bearer'],
    [{ bearer: { acrValues: [] } }, 'bearer.acrValues'],
    [{ bearer: { acrValues: ['a"b'] } }, 'bearer.acrValues'],
    [{ bearer: { acrValues: ['a b'] } }, 'bearer.acrValues'],
    [{ bearer: { acrValues: ['a\\b'] } }, 'bearer.acrValues'],
    [{ bearer: { acrValues: ['a\r\nset-cookie: x'] } }, 'bearer.acrValues'],
    [{ bearer: { acrValues: ['ä'] } }, 'bearer.acrValues'],
    [{ now: Number.NaN }, 'now'],
    [{ phishingResistant: 'yes' }, 'phishingResistant'],
    [{ userVerified: true } as object, 'userVerified'],
  ]
  for (const [options, name] of wrong) {
    t.throws(() => requireFresh(ann, { within: 300, ...options } as FreshOptions), bad(name), name)
  }
  // A user of a wrong shape must not be let through.
  t.throws(() => requireFresh({ ...ann, state: 'signed-in' } as never, { within: 300, now }), bad('user.state'))
  t.throws(() => requireFresh({ ...ann, at: undefined } as never, { within: 300, now }), bad('user.at'))
})
