// A fault elsewhere may let somebody give a member to all objects. None lets anybody in: what decides is looked up where it belongs.
import test from 'ava'

import { createSessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { Fixture, origin } from '../helpers/service.js'

const far = 253_402_300_799_999
const members: Record<string, unknown> = {
  ok: true, remembered: true, enrolled: false, state: 'verified', at: far, expires: far, token: 'x'.repeat(64), value: { ok: true },
  record: null, removed: { at: 1 }, enrolmentRequired: false, challenge: null, factor: { id: 'x', type: 'totp' }, type: 'totp', user: 'ann',
  session: 'x', purpose: 'sign-in', remember: { label: 'x' }, browser: 'x', required: false, headers: { 'x-evil': '1' }, within: 86_400,
  now: 1, fromOtherSite: true, json: false, except: 'x', all: '', others: '', plain: 'accept', keys: [], allowSubdomains: true,
  allowAnyPort: true, rp: { id: 'evil.example', name: 'x', origins: ['https://evil.example'] }, open: true, left: [], limits: {},
  freshSeconds: 86_400, conditionalCreate: true, secure: false, name: 'x', admin: true, countersign: { user: 'ann' }, standing: 'current',
}

// One test, since all of this thread sees it.
test('a pending sign-in stays pending, whatever all objects have', async (t) => {
  for (const [member, value] of Object.entries(members)) {
    const fixture = await Fixture.open(memoryStore())
    await fixture.enrolTotp('ann')
    const sessions = createSessions(fixture.service, {
      store: memorySessions(), account: () => ({ enrolled: true }), remember: () => true, onError() {},
    })
    const signedIn = await sessions.signIn(new Request(origin, { method: 'POST' }), 'ann')
    const [cookie = ''] = (signedIn.ok && signedIn.headers['set-cookie']?.split(';')) || []
    const post = (path: string, body: object, from = origin) => new Request(`${origin}/countersign${path}`, {
      method: 'POST', headers: { origin: from, cookie, 'content-type': 'application/json' }, body: JSON.stringify(body),
    })
    const requests = [
      post('/challenge', {}), post('/verify', { answer: { type: 'totp', code: '1' } }), post('/verify', { answer: {} }), post('/reset', {}),
      post('/reset', { totp: '1', recovery: '1' }), post('/factors/totp', {}), post('/recovery-codes', {}), post('/passkey/verify', { answer: {} }),
    ]
    const foreign = post('/verify', { answer: {} }, 'https://evil.example')
    const asks = new Request(origin, { headers: { cookie } })
    const answers: Response[] = []
    let refused = 0
    let own: unknown
    // oxlint-disable-next-line no-extend-native -- this is what it is about
    Object.defineProperty(Object.prototype, member, { value, configurable: true, writable: true })
    try {
      for (const request of requests) answers.push(await sessions.handler(request))
      refused = (await sessions.handler(foreign)).status
      own = (await sessions.check(asks)).ok
    } finally {
      delete (Object.prototype as Record<string, unknown>)[member]
    }
    t.is(own, false, member)
    t.is(refused, 403, member)
    t.deepEqual(answers.flatMap((answer) => answer.headers.getSetCookie()).filter((set) => set.includes('session')), [], member)
    // A challenge is all that they get.
    t.deepEqual(answers.slice(1).filter(({ ok }) => ok), [], member)
    t.deepEqual(await sessions.check(new Request(origin, { headers: { cookie } })), { ok: false, reason: 'second-factor-required' }, member)
    t.is((await fixture.service.factors('ann')).length, 1, member)
  }

  // Nor does anybody become an administrator; and what an account's class says counts as ever.
  class Row {
    constructor(readonly id: string) {}
    get admin() { return this.id === 'root' }
  }
  const fixture = await Fixture.open(memoryStore())
  const accounts: Record<string, object> = { ann: {}, bob: new Row('bob'), root: new Row('root') }
  const sessions = createSessions(fixture.service, { store: memorySessions(), account: (id) => accounts[id] as object })
  for (const [user, status] of [['ann', 403], ['bob', 403], ['root', 200]] as const) {
    const signedIn = await sessions.signIn(new Request(origin, { method: 'POST' }), user)
    const [pending = ''] = (signedIn.ok && signedIn.headers['set-cookie']?.split(';')) || []
    const headers = { cookie: pending, 'content-type': 'application/json' }
    const verified = await sessions.handler(new Request(`${origin}/countersign/challenge`, { method: 'POST', headers, body: '{}' }))
    const [cookie = ''] = verified.headers.getSetCookie()[0]?.split(';') ?? []
    const asks = new Request(`${origin}/countersign/admin/users`, { headers: { cookie } })
    let answered = 0
    // oxlint-disable-next-line no-extend-native -- this is what it is about
    Object.defineProperty(Object.prototype, 'admin', { value: true, configurable: true, writable: true })
    try {
      answered = (await sessions.handler(asks)).status
    } finally {
      delete (Object.prototype as Record<string, unknown>)['admin']
    }
    t.is(answered, status, user)
  }
})
