// Related origins (WebAuthn Level 3, 5.11) end to end: pages of two other domains, the document of the relying party's, and
// a browser that decides by it. All domains are this machine, over TLS, because browsers read the document only so.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { toNodeListener, wellKnown } from '../../facade/http/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { Countersign } from '../../index.js'
import { VirtualKey, passkeyDevice } from './authenticator.js'
import { browserTests } from './browser-tests.js'

const hosts = ['example.com', 'example.co.uk', 'example-shop.test', 'stranger.test']
const rp = {
  id: 'example.com', name: 'Example', relatedOrigins: true,
  origins: ['https://example.com', 'https://example.co.uk', 'https://example-shop.test'],
}
const folder = new URL('.', import.meta.resolve('countersign/browser'))
const read: string[] = []
let server: Server | undefined

/** A server for all the domains, and the flags by which the browser finds it. */
async function flags(): Promise<string[]> {
  const { key, cert } = await certificate()
  const documents = toNodeListener(wellKnown({ rp }))
  server = createServer({ key, cert }, async (request, response) => {
    const { host = '' } = request.headers
    const url = request.url ?? ''
    const name = url.match(/^\/module\/([\w-]+\.js)$/)?.[1]
    if (host === rp.id && url.startsWith('/.well-known/')) {
      read.push(host + url)
      return documents(request, response)
    }
    response.setHeader('content-type', name ? 'text/javascript' : 'text/html')
    response.end(name ? await readFile(new URL(name, folder)) : '<!doctype html><title>A page</title>')
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const rules = hosts.map((host) => `MAP ${host}:443 127.0.0.1:${port}`).join(',')
  return [`--host-resolver-rules=${rules}`, '--ignore-certificate-errors']
}

/** Of this test alone: nobody has to trust it. */
async function certificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const place = mkdtempSync(join(tmpdir(), 'countersign-tls-'))
  const [key, cert] = [join(place, 'key.pem'), join(place, 'cert.pem')]
  try {
    await promisify(execFile)('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=test',
      '-keyout', key, '-out', cert,
    ])
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(place, { recursive: true })
  }
}

const { browserTest, browser } = browserTests(flags)
test.after.always(() => {
  server?.closeAllConnections()
  server?.close()
})

browserTest('pages of related domains use the same passkeys, and no other page does', async (t) => {
  t.timeout(60_000)
  const countersign = await Countersign.open({ rp, store: memoryStore() })
  const page = await browser().newPage()
  const ceremony = (method: 'register' | 'authenticate', options: object): Promise<unknown> =>
    page.evaluate(async ([method, options]) => {
      const path = '/module/index.js'
      const module = await import(path)
      return module[method](options).catch((error: { code: string }) => error.code) as unknown
    }, [method, options] as const)
  const begin = () => countersign.beginWebauthn('ann', { name: 'ann', displayName: 'Ann', use: 'passkey' })

  await page.goto('https://example.co.uk/')
  await VirtualKey.plugIn(page, passkeyDevice)
  const made = await ceremony('register', await begin())
  t.like(await countersign.finishWebauthn('ann', { response: made, description: 'key' }), { ok: true })
  t.deepEqual(read, ['example.com/.well-known/webauthn'], 'the browser has asked')

  for (const origin of ['https://example-shop.test', 'https://example.com', 'https://example.co.uk']) {
    await page.goto(`${origin}/`)
    const { webauthn } = await countersign.challenge()
    const response = await ceremony('authenticate', webauthn)
    const { clientDataJSON } = (response as { response: { clientDataJSON: string } }).response
    t.is(JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()).origin, origin)
    t.like(await countersign.verifyPasskey({ type: 'webauthn', response }), { ok: true, user: 'ann' }, origin)
  }

  await page.goto('https://stranger.test/')
  t.is(await ceremony('authenticate', (await countersign.challenge()).webauthn), 'invalid-domain')
  t.is(await ceremony('register', await begin()), 'invalid-domain')
  // Neither does the server believe a page that the document has and the relying party lacks.
  const narrower = await Countersign.open({ rp: { ...rp, origins: ['https://example.com'] }, store: memoryStore() })
  await page.goto('https://example-shop.test/')
  const other = await ceremony('register', await narrower.beginWebauthn('bob', { name: 'bob', displayName: 'Bob' }))
  t.like(await narrower.finishWebauthn('bob', { response: other, description: 'key' }), { ok: false, reason: 'rejected' })
  await page.close()
})
