// The page's list of what happened: of the own account alone, and no more than its user may know.
import { randomBytes } from 'node:crypto'

import test from 'ava'

import { memoryAudit, memoryStore } from '../../facade/stores/index.js'
import type { HandlerOptions } from '../../facade/http/index.js'
import { totpAt } from '../../facade/testing/index.js'
import { auditTo } from '../../index.js'
import { origin, wrongCode } from '../helpers/service.js'
import { HttpHost } from './http-host.js'

async function open(options: Partial<HandlerOptions> = {}) {
  const audit = auditTo(memoryAudit(), { key: randomBytes(32), required: true })
  return { audit, host: await HttpHost.open(options, memoryStore(), { audit }) }
}

test('the user sees what happened, from where, page by page', async (t) => {
  let from: string | null | undefined = '203.0.113.7'
  const { audit, host } = await open({ from: () => from, admin: () => 'help desk' })
  const { uri } = await host.fixture.enrolTotp('ann')
  host.fixture.step()
  host.pending()
  const answer = { type: 'totp', code: wrongCode(uri, host.fixture.now) }
  t.is((await host.client.post('/verify', { answer })).status, 403)
  t.is((await host.client.get('/activity')).body.type, 'urn:countersign:problem:second-factor-required', 'not before the second factor')
  from = null
  t.true((await host.client.post('/verify', { answer: { type: 'totp', code: totpAt(uri, host.fixture.now) } })).body.ok)
  await host.fixture.enrolKey('ben')
  t.like((await host.client.get('/session')).body, { state: 'verified', activity: true })
  const { body } = await host.client.get('/activity')
  t.is(body.next, null)
  t.deepEqual(body.activity.map(({ type, factor, from }: Record<string, string>) => ({ type, factor, ...(from && { from }) })), [
    { type: 'verified', factor: 'totp' }, { type: 'rejected', factor: 'totp', from: '203.0.113.7' }, { type: 'enrolled', factor: 'totp' },
  ])
  t.true(body.activity.every(({ at }: { at: number }) => Math.abs(at - host.fixture.now) < 60_000))
  const first = (await host.client.get('/activity?limit=2')).body
  t.is(first.activity.length, 2)
  const second = (await host.client.get(`/activity?limit=2&before=${first.next}`)).body
  t.deepEqual([...first.activity, ...second.activity], body.activity)
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'before=0', 'before=-1', 'before=1e3', 'before=']) {
    t.is((await host.client.get(`/activity?${query}`)).status, 400, query)
  }
  // What an administrator does has its place and name in the log, and neither on the page.
  from = 'office'
  host.verified()
  t.is((await host.client.post('/admin/users/ben/require-enrolment')).status, 200)
  const entries = (await audit.read('ben')).entries
  t.true(entries.some((entry) => entry.by === 'help desk' && entry.from === 'office'))
  host.verified({ id: 'ben' })
  const shown = (await host.client.get('/activity')).body.activity
  t.true(shown.length > 0 && !/help desk|office/.test(JSON.stringify(shown)))
  // A removal of one's own has a name in the log, too, and its place on the page.
  from = 'home'
  const { factor } = await host.fixture.enrolKey('ben')
  host.fixture.step()
  host.verified({ id: 'ben' })
  t.is((await host.client.call('DELETE', `/factors/${factor.id}`)).status, 200)
  t.like((await host.client.get('/activity?limit=1')).body.activity, [{ type: 'removed', from: 'home' }])
  host.session = null
  t.is((await host.client.get('/activity')).status, 401)
})

test('without a log there is no such route, and no word of it', async (t) => {
  const host = await HttpHost.open()
  await host.fixture.enrolTotp('ann')
  host.verified()
  t.is((await host.handler(new Request(`${origin}/countersign/activity`))).status, 404)
  t.false('activity' in (await host.client.get('/session')).body)
})

test('a callback that says something else than text is an error, and the request does nothing', async (t) => {
  const { audit, host } = await open({ from: () => 5 as never })
  const { uri } = await host.fixture.enrolTotp('ann')
  host.fixture.step()
  host.pending()
  t.is((await host.client.post('/verify', { answer: { type: 'totp', code: totpAt(uri, host.fixture.now) } })).status, 500)
  t.is((await audit.check('ann')).lines, 1)
  t.is(host.session?.state, 'pending')
})

test('a log that is required and fails: nobody is signed in, and the code stays used', async (t) => {
  const lines = memoryAudit()
  let fails = false
  const store = { ...lines, append: (user: string, line: (last: string | undefined) => string) =>
    fails ? Promise.reject(new Error('full')) : lines.append(user, line) }
  const host = await HttpHost.open({}, memoryStore(), { audit: auditTo(store, { required: true }) })
  const { uri } = await host.fixture.enrolTotp('ann')
  host.fixture.step()
  host.pending()
  fails = true
  const answer = { type: 'totp', code: totpAt(uri, host.fixture.now) }
  t.is((await host.client.post('/verify', { answer })).status, 503)
  t.is(host.session?.state, 'pending')
  fails = false
  t.is((await host.client.post('/verify', { answer })).body.type, 'urn:countersign:problem:rejected')
})
