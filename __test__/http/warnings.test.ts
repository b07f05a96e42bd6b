// Mistakes of a set-up, each of which used to show as something else: whoever runs the server is told, once a minute.
import test from 'ava'

import { createHandler } from '../../facade/http/index.js'
import { originHint, shownOrigin } from '../../facade/service/hints.js'
import { memoryStore } from '../../facade/stores/index.js'
import { Countersign } from '../../index.js'
import { TestAuthenticator } from '../../facade/testing/index.js'
import { rp } from '../helpers/service.js'
import { HttpHost, user } from './http-host.js'

const warnings = (host: HttpHost) => host.fixture.events.filter(({ type }) => type === 'warning')

/** Each of these is told at once, and again after a minute, but not in between. */
async function toldOnce(
  t: import('ava').ExecutionContext, host: HttpHost, reason: string, message: RegExp, again: () => Promise<unknown>,
): Promise<void> {
  await again()
  await again()
  t.is(warnings(host).length, 1)
  t.like(warnings(host)[0], { reason, at: host.fixture.now })
  t.regex(warnings(host)[0]!.message ?? '', message)
  host.fixture.now += 60_000
  await again()
  await again()
  t.is(warnings(host).length, 2)
  t.deepEqual(host.errors, [])
}

for (const [page, origins, remedy] of [
  ['http://127.0.0.1:3000', ['http://localhost:3000'], /Open it at http:\/\/localhost:3000 instead/],
  ['http://[::1]:3000', ['http://localhost:3000'], /Open it at http:\/\/localhost:3000 instead/],
  ['http://localhost:5173', ['http://localhost:3000'], /proxy.*add http:\/\/localhost:5173 to rp\.origins/],
  ['http://example.com', ['https://example.com'], /Open it with https: instead of http:\. Browsers allow http: for localhost only\.$/],
  ['http://shop.test:3000', ['https://example.com'], /serve it with https: and add https:\/\/shop\.test:3000 to rp\.origins/],
  ['http://192.168.1.20:3000', ['http://localhost:3000'], /Open the page at one of rp\.origins instead: .* IP addresses for WebAuthn\.$/],
  ['https://10.0.0.1', ['https://example.com'], /Open the page at one of rp\.origins instead: .* IP addresses for WebAuthn\.$/],
  ['https://[fe80::1]', ['https://example.com'], /Open the page at one of rp\.origins instead: .* IP addresses for WebAuthn\.$/],
  ['https://localhost:3000', ['http://localhost:3000'], /Open it with http: instead of https:, or add https:\/\/localhost:3000/],
  ['https://www.example.com', ['https://example.com'], /If that page is yours, add https:\/\/www\.example\.com/],
  ['https://example.com.', ['https://example.com'], /Open it at https:\/\/example\.com instead, without the dot at the end/],
  ['http://localhost:5173', ['https://example.com'], /rp\.id 'localhost' and add http:\/\/localhost:5173 to rp\.origins: with example\.com, browsers refuse/],
  ['https://example.com', ['https://www.example.com'], /use example\.com as rp\.id before anyone has a passkey, or redirect/],
  ['https://abc.tunnel.test', ['https://example.com'], /at abc\.tunnel\.test, browsers refuse passkeys of example\.com/],
  ['https://example.com.:8443', ['https://example.com:8443'], /Open it at https:\/\/example\.com:8443 instead, without the dot/],
] as const) {
  test(`a page at ${page} where ${origins[0]} is expected`, async (t) => {
    const id = new URL(origins[0]).hostname
    const host = (await HttpHost.open({}, memoryStore(), { rp: { id, name: 'Example', origins: [...origins] } })).verified()
    const both = new RegExp(`The page is at ${page.replaceAll(/[.[\]]/g, '\\$&')}, but rp\\.origins is ${origins[0]}`)
    await toldOnce(t, host, 'wrong-origin', both, async () => {
      const reply = await host.client.call('POST', '/challenge', {}, { origin: page })
      t.is(reply.body.type, 'urn:countersign:problem:wrong-origin')
    })
    t.regex(warnings(host)[0]!.message ?? '', remedy)
  })
}

test('a call to another origin than the page’s own names what the browser says', async (t) => {
  const host = (await HttpHost.open()).verified()
  await toldOnce(t, host, 'wrong-origin', /Sec-Fetch-Site: same-site.*https:\/\/example\.com/, () =>
    host.client.call('POST', '/challenge', {}, { 'sec-fetch-site': 'same-site' }))
})

test('what is no origin is never shown', (t) => {
  const long = `https://${'a'.repeat(250)}.com`
  for (const sent of ['app://hunter2/x', 'app://hunter2@x', 'app://Hunter2', 'file://hunter2', 'javascript://hunter2', 'android:apk-key-hash:hunter2', 'ios:bundle-id:hunter2', 'ios:bundle-id:com.example/hunter2', 'app:hunter2.com']) {
    const text = originHint(sent, rp.origins)
    t.false(text.includes('hunter2'), text)
  }
  for (const sent of ['hunter2', 'https://example.com/hunter2', 'https://hunter2@example.com', 'https://exämple.com', long, '', null]) {
    const text = originHint(sent, rp.origins)
    t.false(text.includes('hunter2') || text.includes('ä') || text.includes('aaaa'), text)
    t.regex(text, /https:\/\/example\.com/)
  }
  t.is(shownOrigin('https://example.org'), 'https://example.org')
  t.regex(originHint('null', rp.origins), /has no origin \(null\), but rp\.origins is .*sandboxed frames.*Referrer-Policy/)
  for (const app of ['capacitor://localhost', 'tauri://localhost', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'moz-extension://5f0b-1']) {
    t.true(originHint(app, rp.origins).includes(`If that app is yours, add ${app} to rp.origins.`), app)
  }
})

const androidApp = 'android:apk-key-hash:7d1R8pVJzoEh8dTFzQNP-_Ko0xVQEZtn3zoPWuWd_lM'

for (const [sent, remedy] of [
  ['https://www.example.com', /The page is at https:\/\/www\.example\.com, but rp\.origins is https:\/\/example\.com/],
  [androidApp, /The app's origin is android:apk-key-hash:[\w-]{43}, but rp\.origins is https:\/\/example\.com\. If that app is yours, add android:/],
  ['ios:bundle-id:com.example.app', /The app's origin is ios:bundle-id:com\.example\.app, but rp\.origins/],
] as const) {
  test(`a ceremony at ${sent.slice(0, 30)} says both origins in its event, and warns`, async (t) => {
    const host = await HttpHost.open()
    const { service } = host.fixture
    const key = new TestAuthenticator()
    const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
    const response = key.create(creation, { origin: sent })
    t.deepEqual(await service.finishWebauthn(user, { response, description: '' }), { ok: false, reason: 'rejected' })
    const [warning, rejected] = host.fixture.events.slice(-2)
    t.like(rejected, { type: 'rejected', reason: 'origin-mismatch', origin: sent, origins: ['https://example.com'] })
    t.like(warning, { type: 'warning', reason: 'origin-mismatch' })
    t.regex(warning!.message ?? '', remedy)
  })
}

test('a handler that is mounted elsewhere than basePath says', async (t) => {
  const host = (await HttpHost.open({ basePath: '/auth/2fa' })).verified()
  await toldOnce(t, host, 'mount-path', /below '\/countersign', but basePath is '\/auth\/2fa'.*basePath: '\/countersign'/, async () =>
    t.is((await host.client.host('GET', '/countersign/session')).status, 404))
  const root = (await HttpHost.open()).verified()
  const ask = (path: string) => root.handler(new Request(`https://example.com${path}`))
  t.is((await ask('/session')).status, 404)
  t.regex(warnings(root)[0]!.message ?? '', /below '', but basePath is '\/countersign'/)

  // Of any other path, and of a mount that could be anything, nothing is said.
  root.fixture.now += 60_000
  for (const path of ['/hunter2', '/countersign', '/reset/hunter2/factors/x', '/']) await ask(path)
  t.is(warnings(root).length, 1)
  await ask('/countersign/session/')
  t.regex(warnings(root)[1]!.message ?? '', /\/session arrived with a slash at the end.*trailingSlash/)
  root.fixture.now += 60_000
  await ask('/a%20hunter2/session')
  t.false((warnings(root)[2]!.message ?? '').includes('hunter2'))
})

test('a session whose time is in seconds says so, and no page is told to sign in again', async (t) => {
  const host = await HttpHost.open({ required: true })
  await toldOnce(t, host, 'at-in-seconds', /at: \d{10}, but this server's time is \d{13}.*milliseconds/, async () => {
    host.session = { id: user, state: 'pending', at: Math.floor(host.fixture.now / 1000) }
    t.is((await host.client.post('/challenge')).status, 500)
  })
  host.session = { id: user, state: 'verified', at: Math.floor(host.fixture.now / 1000) }
  t.is((await host.client.post('/factors/totp')).status, 500)
  // `Date.now() / 1000`, and what a database makes of a time.
  for (const at of [host.fixture.now / 1000 + 0.5, new Date(host.fixture.now), `${host.fixture.now}`]) {
    host.session = { id: user, state: 'verified', at: at as number }
    t.is((await host.client.post('/factors/totp')).status, 500)
    t.regex(`${host.errors.pop()}`, /user\.at must be epoch milliseconds, like Date\.now\(\): an integer/)
  }
  // Minutes, days, and the time since the process began.
  for (const at of [Math.floor(host.fixture.now / 60_000), Math.floor(host.fixture.now / 86_400_000), 12_345]) {
    host.fixture.now += 60_000
    host.session = { id: user, state: 'verified', at }
    t.is((await host.client.post('/factors/totp')).status, 500)
    const { reason, message = '' } = warnings(host).at(-1)!
    t.is(reason, 'at-in-seconds')
    t.true(message.endsWith('Store the at that onVerified receives unchanged.'), message)
  }
  const old = (await HttpHost.open()).verified({ at: 0 })
  t.is((await old.client.post('/factors/totp')).status, 403)
  t.deepEqual(warnings(old), [])
})

test('a session whose time lies ahead says so', async (t) => {
  const host = await HttpHost.open({ required: true })
  await toldOnce(t, host, 'clock', /at: \d{13}, which is 3600 seconds later than this server's time, \d{13}.*NTP/, async () => {
    host.session = { id: user, state: 'pending', at: host.fixture.now + 3_600_000 }
    t.is((await host.client.post('/factors/totp')).status, 403)
  })
  const slow = await HttpHost.open()
  slow.verified({ at: slow.fixture.now })
  slow.fixture.now = Math.floor(slow.fixture.now / 1000)
  t.is((await slow.client.post('/factors/totp')).status, 403)
  t.regex(warnings(slow)[0]!.message ?? '', /The option now .* must return milliseconds/)
  const near = await HttpHost.open()
  near.verified({ at: near.fixture.now + 59_000 })
  t.is((await near.client.get('/session')).status, 200)
  t.deepEqual(warnings(near), [])
})

test('a session that onVerified did not save says so', async (t) => {
  const host = (await HttpHost.open({ onVerified: () => undefined })).pending()
  t.is((await host.client.post('/challenge')).body.challenge, null, 'the sign-in is done')
  t.deepEqual(warnings(host), [])
  t.is((await host.client.get('/session')).body.state, 'pending')
  t.like(warnings(host)[0], { reason: 'session-not-saved', user })
  t.regex(warnings(host)[0]!.message ?? '', /state 'pending'.*Save the session/)

  const saved = (await HttpHost.open()).pending()
  await saved.client.post('/challenge')
  t.is((await saved.client.get('/session')).body.state, 'verified')
  t.deepEqual(warnings(saved), [])
})

test('requests that cross a sign-in see the session as it was, and nobody is blamed', async (t) => {
  let save: () => void = () => {}
  const saving = new Promise<void>((resolve) => { save = resolve })
  let begun: () => void = () => {}
  const inside = new Promise<void>((resolve) => { begun = resolve })
  const host: HttpHost = await HttpHost.open({
    async onVerified(_request, who, outcome) {
      begun()
      await saving
      if (outcome.ok) host.session = { ...who, state: 'verified', at: outcome.at }
    },
  })
  host.pending()
  const first = host.client.post('/challenge')
  await inside
  t.is((await host.client.get('/session')).body.state, 'pending')
  save()
  await first
  t.is((await host.client.get('/session')).body.state, 'verified')
  t.deepEqual(warnings(host), [])
})

test.serial('without a listener the log has it', async (t) => {
  const heard: string[] = []
  const listener = ({ name, message }: Error) => void (name === 'CountersignWarning' && heard.push(message))
  process.on('warning', listener)
  t.teardown(() => process.off('warning', listener))
  const silent = await Countersign.open({ rp, store: memoryStore() })
  const handler = createHandler(silent, { user: () => null, onVerified: () => undefined })
  const headers = { 'content-type': 'application/json', origin: 'https://evil.example' }
  for (let tries = 0; tries < 3; tries++) {
    await handler(new Request('https://example.com/countersign/challenge', { method: 'POST', headers, body: '{}' }))
  }
  await new Promise((resolve) => { setImmediate(resolve) })
  t.is(heard.length, 1)
  t.regex(heard[0]!, /https:\/\/evil\.example.*https:\/\/example\.com/)
})
