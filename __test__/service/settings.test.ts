import test from 'ava'

import { Countersign } from '../../index.js'
import type { CountersignEvent } from '../../index.js'
import { isPublicSuffix } from '../../facade/service/public-suffix.js'
import { createHandler } from '../../facade/http/index.js'
import { memoryStore } from '../../facade/stores/index.js'

const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
const open = (party: object, more: object = {}) => Countersign.open({ rp: { ...rp, ...party }, store: memoryStore(), ...more })

test('a relying party that no browser can work with is refused, with the reason, wherever it is given', async (t) => {
  const refused: [party: object, message: RegExp][] = [
    [{ id: '192.168.0.1', origins: ['https://192.168.0.1'] }, /rp\.id must be a domain, such as example\.com: browsers don't allow IP/],
    [{ id: '::1' }, /rp\.id must be a domain name in lower case/],
    [{ id: 'intranet', origins: ['https://intranet'] }, /rp\.id must be a domain with a dot/],
    [{ id: 'com' }, /rp\.id must be a domain with a dot/],
    [{ origins: ['https://example.com:443'] }, /rp\.origins\[0\] must be an origin as browsers send it/],
    [{ origins: ['https://Example.com'] }, /rp\.origins\[0\] must be an origin as browsers send it/],
    [{ origins: ['https://example.com', 'https://www.example.com/login'] }, /rp\.origins\[1\]/],
    [{ origins: ['https://example.com/'] }, /rp\.origins/],
    [{ origins: ['HTTPS://example.com'] }, /rp\.origins/],
    [{ origins: ['http://example.com'] }, /rp\.origins\[0\] must begin with https:/],
    [{ id: 'localhost', origins: ['http://127.0.0.1:3000'] }, /rp\.origins\[0\] must begin with https:/],
    [{ origins: ['https://example.org'] }, /rp\.id must be the domain of one of rp\.origins/],
    [{ origins: ['https://badexample.com'] }, /rp\.id must be the domain of one of rp\.origins/],
    [{ name: ' ' }, /rp\.name must not be blank or longer than 255 bytes/],
    [{ name: '\u200b\u00a0\u2060' }, /rp\.name must not be blank or longer than 255 bytes/],
    [{ name: 'x'.repeat(256) }, /rp\.name must not be blank or longer than 255 bytes/],
    [{ origins: ['https://example.com', 'ws://example.com'] }, /rp\.origins\[1\] must begin with https:, or with the scheme of an app/],
    [{ origins: ['about:blank'] }, /rp\.origins\[0\] must begin with https:/],
    [{ origins: ['file://'] }, /rp\.origins\[0\] must begin with https:/],
    [{ id: 'www.example.com' }, /rp\.id must be the domain of one of rp\.origins/],
    [{ id: 'www.example.com', allowSubdomains: false }, /rp\.id must be the domain of one of rp\.origins/],
    [{ origins: ['https://example.com:0'] }, /rp\.origins\[0\] must be an origin as browsers send it/],
    [{ origins: ['https://münchen.example'] }, /rp\.origins\[0\] must be an origin as browsers send it/],
    [{ origins: ['null'] }, /rp\.origins\[0\] must begin with https:, or with the scheme of an app/],
    [{ id: 'localhost', origins: ['http://[::1]:3000'] }, /rp\.origins\[0\] must begin with https:/],
    [{ id: 'example.com.' }, /rp\.id must be the domain of one of rp\.origins/],
    [{ id: 'münchen.example' }, /rp\.id must be a domain name in lower case/],
    // As the app's certificate is shown by keytool, and padded: Android sends neither.
    ...[Array.from({ length: 32 }, () => 'AB').join(':'), 'ab'.repeat(32), 'ab'.repeat(20), `${'A'.repeat(43)}=`, `${'A'.repeat(42)}+`, '', 'abc'].map(
      (hash): [object, RegExp] => [{ origins: ['https://example.com', `android:apk-key-hash:${hash}`] }, /rp\.origins\[1\] must end with the SHA-256 hash of the app's/],
    ),
    [{ origins: ['https://example.com', 'moz-extension://abc/'] }, /rp\.origins\[1\] must be an origin as apps and extensions send it/],
    [{ name: 'Example: the shop' }, /rp\.name must not contain a colon/],
    ...['Example\n', 'Ex\u202Eample', 'Example\u200F', '\u2066Example\u2069', 'Example\u061C', 'Example\u{E0041}', 'Example\u0085'].map(
      (name): [object, RegExp] => [{ name }, /rp\.name must not contain control, bidirectional control or tag characters/],
    ),
  ]
  const service = await open({})
  const about = { user: () => null, onVerified: () => undefined }
  for (const [party, message] of refused) {
    const text = JSON.stringify(party)
    await t.throwsAsync(open(party), { code: 'invalid-argument', message }, text)
    t.throws(() => createHandler(service, { ...about, rp: { ...rp, ...party } }), { code: 'invalid-argument', message }, text)
    if ('name' in party) continue
    const other = { rp: { ...rp, ...party } }
    const calls = [
      () => service.challenge('ann', other), () => service.challenge(other), () => service.verify('ann', 'totp:1', other),
      () => service.beginTotp('ann', { account: 'ann', ...other }), () => service.signals('ann', other),
      () => service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann', ...other }),
    ]
    for (const call of calls) await t.throwsAsync(call, { code: 'invalid-argument', message }, text)
  }
  await t.throwsAsync(open({}, { totp: { issuer: 'a:b' } }), { message: /totp\.issuer must not contain a colon/ })
  await t.throwsAsync(open({}, { totp: { issuer: 'a\u202Eb' } }), { message: /totp\.issuer must not contain a colon, or control, bidirectional/ })
  await t.throwsAsync(open({ name: 'a\u202Eb' }, { totp: { issuer: 'ab' } }), { message: /rp\.name must not contain control, bidirectional/ })
})

test('those that can are not', async (t) => {
  const fine: object[] = [
    {}, { origins: ['https://example.com:8443', 'https://www.example.com'] },
    { id: 'localhost', origins: ['http://localhost:3000'] }, { id: 'shop.localhost', origins: ['http://shop.localhost'] },
    { id: 'localhost', origins: ['http://shop.localhost:8080'] },
    { origins: ['android:apk-key-hash:7d1R8pVJzoEh8dTFzQNP-_Ko0xVQEZtn3zoPWuWd_lM'] },
    { origins: ['https://example.com', 'android:apk-key-hash:2jmj7l5rSw0yVb_vlWAYkK-YBwk', 'ios:bundle-id:com.example.app', 'chrome-extension://abc'] },
    { origins: ['https://example.com', 'https://example.org'] },
    { origins: ['https://example.org'], relatedOrigins: true }, { id: 'www.example.com', allowSubdomains: true },
    { id: 'xn--bcher-kva.example', origins: ['https://xn--bcher-kva.example'] },
  ]
  for (const party of fine) {
    const service = await open(party)
    t.is(await service.challenge('ann'), null, JSON.stringify(party))
    t.is(await service.challenge('ann', { rp: { ...rp, ...party } }), null, 'for a call, too')
    const handler = createHandler(service, { user: () => ({ id: 'ann', state: 'pending', at: Date.now() }), onVerified: () => undefined })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    t.is((await handler(new Request('https://example.com/countersign/challenge', init))).status, 200, 'and through a handler')
  }
  const named = await open({ name: 'Example: the shop' }, { totp: { issuer: 'Example' } })
  t.truthy(await named.beginTotp('ann', { account: 'ann' }))
})

test('a public suffix as rp.id gives a warning, wherever it is given', async (t) => {
  const seen: CountersignEvent[] = []
  const onEvent = (event: CountersignEvent) => seen.push(event)
  const told = async (id: string) => {
    seen.length = 0
    await open({ id, origins: [`https://${id}`] }, { onEvent })
    return seen.map(({ type, reason, user }) => [type, reason, user])
  }
  for (const id of ['github.io', 'anything.ck']) t.deepEqual(await told(id), [['warning', 'public-suffix', '']], id)
  t.deepEqual(await told('co.uk'), [['warning', 'public-suffix', '']])
  t.regex(seen[0]?.message ?? '', /rp\.id is co\.uk, a public suffix: .* example\.co\.uk/)
  for (const id of ['example.co.uk', 'ann.github.io', 'www.ck', 'a.anything.ck', 'example.com', 'localhost', 'uk.co.example']) {
    t.deepEqual(await told(id), [], id)
  }
  const service = await open({}, { onEvent })
  await service.challenge('ann', { rp: { ...rp, id: 'co.uk', origins: ['https://co.uk'] } })
  await service.challenge('bob', { rp: { ...rp, id: 'co.uk', origins: ['https://co.uk'] } })
  t.deepEqual(seen.map(({ reason }) => reason), ['public-suffix'])
})

test('the list of public suffixes', async (t) => {
  const expected = {
    'co.uk': true, 'github.io': true, 'anything.ck': true, 'www.ck': false, 'kobe.jp': true, 'a.kobe.jp': true, 'city.kobe.jp': false,
    'example.com': false, 'example.co.uk': false, 'o.uk': false, 'co.u': false,
  }
  for (const [domain, suffix] of Object.entries(expected)) t.is(await isPublicSuffix(domain), suffix, domain)
})
