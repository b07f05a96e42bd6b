import test from 'ava'

import { wellKnown, wellKnownPaths } from '../../facade/http/index.js'
import type { WellKnownOptions } from '../../facade/http/index.js'
import { registrableLabel } from '../../facade/service/public-suffix.js'

const origins = ['https://example.com', 'https://www.example.com:8443', 'https://example.co.uk', 'https://example-shop.test']
const rp = { id: 'example.com', name: 'Example', origins: [...origins, `android:apk-key-hash:${'A'.repeat(43)}`] }

const ask = async (options: Partial<WellKnownOptions>, path: string, init?: RequestInit) =>
  wellKnown({ rp, ...options })(new Request(`https://example.com${path}`, init))

test('the related origins are those of rp.origins outside the domain', async (t) => {
  const response = await ask({}, '/.well-known/webauthn')
  t.is(response.status, 200)
  t.is(response.headers.get('content-type'), 'application/json')
  t.deepEqual(await response.json(), { origins: ['https://example.co.uk', 'https://example-shop.test'] })
  const chosen = await ask({ relatedOrigins: ['https://example-shop.test'] }, '/.well-known/webauthn')
  t.deepEqual(await chosen.json(), { origins: ['https://example-shop.test'] })
  const own = { ...rp, origins: ['https://example.com', 'https://login.example.com'] }
  t.is((await ask({ rp: own }, '/.well-known/webauthn')).status, 404, 'nothing to say')
  t.is((await ask({ relatedOrigins: [] }, '/.well-known/webauthn')).status, 404)
})

test('the pages for passkeys', async (t) => {
  const pages = { enroll: 'https://example.com/passkeys/new', manage: 'https://example.com/passkeys' }
  t.deepEqual(await (await ask(pages, '/.well-known/passkey-endpoints')).json(), pages)
  const local = { manage: 'http://localhost:3000/account' }
  t.deepEqual(await (await ask(local, '/.well-known/passkey-endpoints')).json(), local)
  const prf = { prfUsageDetails: 'https://example.com/encryption' }
  t.deepEqual(await (await ask(prf, '/.well-known/passkey-endpoints')).json(), prf)
  t.is((await ask({}, '/.well-known/passkey-endpoints')).status, 404)
})

test('only these addresses, and only to read', async (t) => {
  const options = { manage: 'https://example.com/passkeys' }
  for (const path of wellKnownPaths) {
    t.is((await ask(options, `${path}?x=1`)).status, 200)
    const head = await ask(options, path, { method: 'HEAD' })
    t.is(head.status, 200)
    t.is(await head.text(), '')
    const post = await ask(options, path, { method: 'POST', body: '{}' })
    t.is(post.status, 405)
    t.is(post.headers.get('allow'), 'GET, HEAD')
    for (const other of [`${path}/`, `${path}x`, path.toUpperCase(), `/x${path}`]) {
      t.is((await ask(options, other)).status, 404, other)
    }
  }
  t.is((await ask(options, '/__proto__')).status, 404)
  t.is((await ask(options, '/')).status, 404)
})

test('a wrong option is named', (t) => {
  const wrong: [string, object][] = [
    ['rp', { rp: null }], ['rp.origins[0]', { rp: { ...rp, origins: ['https://example.com/'] } }],
    ['relatedOrigins[0]', { relatedOrigins: ['https://elsewhere.test'] }],
    ['relatedOrigins[1]', { relatedOrigins: ['https://example.co.uk', `android:apk-key-hash:${'A'.repeat(43)}`] }],
    ['enroll', { enroll: '/passkeys/new' }], ['manage', { manage: 'http://example.com/passkeys' }],
    ['manage', { manage: 'ftp://localhost/' }],
    ['prfUsageDetails', { prfUsageDetails: 'javascript:alert(1)' }], ['mange', { mange: 'https://example.com/' }],
  ]
  for (const [name, options] of wrong) {
    const error = t.throws(() => wellKnown({ rp, ...options } as never), { code: 'invalid-argument' })
    t.true(error?.message.includes(`${name} `), error?.message)
  }
  t.throws(() => wellKnown({ rp })({} as never), { code: 'invalid-argument', message: /request/ })
})

test.serial('browsers take five labels, and a warning names what they ignore', async (t) => {
  const warned = (origins: string[]) =>
    new Promise<string | undefined>((resolve) => {
      const listen = (warning: Error) => {
        if (warning.name === 'CountersignWarning') done(warning.message)
      }
      const timer = setTimeout(() => done(undefined), 300)
      const done = (message: string | undefined) => {
        clearTimeout(timer)
        process.off('warning', listen)
        resolve(message)
      }
      process.on('warning', listen)
      wellKnown({ rp: { ...rp, origins: [...rp.origins, ...origins] }, relatedOrigins: origins })
    })
  const labels = ['a', 'b', 'c', 'd', 'e'].map((label) => `https://${label}.test`)
  t.is(await warned(labels), undefined)
  t.is(await warned([...labels, 'https://www.a.co.uk', 'https://e.example']), undefined, 'the same labels again')
  const message = await warned(['https://x.test', ...labels, 'https://x.example'])
  t.regex(message ?? '', /ignore https:\/\/e\.test in/)
})

test('the label that browsers count', async (t) => {
  const labels: [string, string][] = [
    ['example.com', 'example'], ['www.example.com', 'example'], ['example.co.uk', 'example'], ['a.b.example.co.uk', 'example'],
    ['ann.github.io', 'ann'], ['localhost', 'localhost'], ['shop.localhost', 'shop'], ['www.city.kobe.jp', 'city'],
  ]
  for (const [domain, label] of labels) t.is(await registrableLabel(domain), label, domain)
})
