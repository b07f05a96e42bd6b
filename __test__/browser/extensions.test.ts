// Extensions end to end: the options of a server, a browser with an authenticator that has them, and the server's verdict.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { Countersign } from '../../index.js'
import { memoryStore } from '../../facade/stores/memory-store.js'
import {
  authenticationOptions, registrationOptions, verifyAuthentication, verifyRegistration,
} from '../../facade/stateless/webauthn.js'
import type {
  AuthenticationExtensions, Credential, RegistrationExtensions, RegistrationOptions,
} from '../../facade/stateless/webauthn.js'
import { VirtualKey, passkeyDevice } from './authenticator.js'
import { browserTests } from './browser-tests.js'
import { withoutConversions } from './conversions.js'

const folder = new URL('.', import.meta.resolve('countersign/browser'))
const { browserTest, browser } = browserTests()
const everything = {
  ...passkeyDevice, ctap2Version: 'ctap2_1', hasPrf: true, hasLargeBlob: true, hasCredBlob: true, hasMinPinLength: true,
} as const
const user = { id: Buffer.alloc(16, 7), name: 'ann', displayName: 'Ann' }
const salt = Buffer.alloc(32, 9)

let server: Server
let origin: string
const rp = () => ({ id: 'localhost', name: 'Test', origins: [origin] })

test.before(async () => {
  server = createServer(async (request, response) => {
    const name = request.url?.match(/^\/module\/([\w-]+\.js)$/)?.[1]
    response.setHeader('content-type', name ? 'text/javascript' : 'text/html')
    response.end(name ? await readFile(new URL(name, folder)) : '<!doctype html><title>Extensions</title>')
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})
test.after.always(() => {
  server.closeAllConnections()
  server.close()
})

function pageTest(title: string, play: (t: ExecutionContext, page: Page) => Promise<void>): void {
  browserTest(title, async (t) => {
    t.timeout(60_000)
    const context = await browser().newContext()
    try {
      const page = await context.newPage()
      await page.goto(origin)
      await play(t, page)
    } finally {
      await context.close()
    }
  })
}

interface Given {
  response: { id: string; clientExtensionResults: Record<string, unknown> }
  prf?: { enabled?: boolean; results?: { first: string; second?: string } }
  largeBlob?: { supported?: boolean; written?: boolean; blob?: string }
}

/** One ceremony with `extensions: true`; bytes come out of the page as base64url. */
function ceremony(page: Page, method: 'register' | 'authenticate', options: object): Promise<Given> {
  return page.evaluate(async ([method, options]) => {
    const path = '/module/index.js'
    const given = await (await import(path))[method](options, { extensions: true })
    const text = (_: string, value: unknown): unknown =>
      value instanceof Uint8Array ? btoa(String.fromCharCode(...value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') : value
    return JSON.parse(JSON.stringify(given, text)) as Given
  }, [method, options] as const)
}

/** Registers, and returns what the page and the server got. */
async function register(page: Page, extensions: RegistrationExtensions, more: Partial<RegistrationOptions> = {}) {
  const options = registrationOptions({
    rp: rp(), user, residentKey: 'required', userVerification: 'required', extensions, ...more,
  })
  const given = await ceremony(page, 'register', options)
  const verdict = verifyRegistration({
    response: given.response, challenge: options.challenge, rp: rp(), extensions,
  })
  return { given, verdict, options }
}

async function authenticate(page: Page, credential: Credential, extensions: AuthenticationExtensions) {
  const options = authenticationOptions({ rp: rp(), allowCredentials: [credential], userVerification: 'required', extensions })
  const given = await ceremony(page, 'authenticate', options)
  const verdict = verifyAuthentication({
    response: given.response, challenge: options.challenge, rp: rp(), credential, extensions, unsolicitedExtensions: 'refuse',
  })
  return { given, verdict }
}

/** The browser's own conversions, or none: what the module does must not depend on them. */
const conversions: Record<string, () => void> = {
  'the browser’s own conversions': () => {},
  'no conversions of the browser': withoutConversions,
}

for (const [how, prepare] of Object.entries(conversions)) {
  pageTest(`prf: the secrets are the page’s alone, with ${how}`, async (t, page) => {
    await VirtualKey.plugIn(page, everything)
    await page.evaluate(prepare)
    const { given, verdict } = await register(page, { prf: {} })
    t.is(given.prf?.enabled, true)
    if (!verdict.ok) return t.fail(verdict.reason)
    const { credential } = verdict
    const second = Buffer.alloc(32, 8)
    const one = await authenticate(page, credential, { prf: { evalByCredential: { [credential.id]: { first: salt, second } } } })
    t.is(Buffer.from(one.given.prf?.results?.first ?? '', 'base64url').length, 32)
    t.not(one.given.prf?.results?.first, one.given.prf?.results?.second)
    t.true(one.verdict.ok)
    const again = await authenticate(page, credential, { prf: { eval: { first: second.toString('base64url'), second: salt } } })
    t.is(again.given.prf?.results?.first, one.given.prf?.results?.second, 'the same salt, the same secret')
    for (const { given } of [one, again]) {
      const sent = JSON.stringify(given.response)
      t.deepEqual(given.response.clientExtensionResults, { prf: {} })
      for (const secret of Object.values(given.prf?.results ?? {})) t.false(sent.includes(secret))
    }
  })

  pageTest(`largeBlob and credBlob: bytes both ways, with ${how}`, async (t, page) => {
    await VirtualKey.plugIn(page, everything)
    await page.evaluate(prepare)
    const stored = Buffer.from('a few bytes ÿ')
    const { given, verdict } = await register(page, { largeBlob: { support: 'required' }, credBlob: stored })
    t.deepEqual(given.largeBlob, { supported: true })
    if (!verdict.ok) return t.fail(verdict.reason)
    t.deepEqual(verdict.extensions, { credBlob: true })
    const { credential } = verdict
    const blob = Buffer.from('a large blob ÿ')
    const write = await authenticate(page, credential, { largeBlob: { write: blob } })
    t.deepEqual(write.given.largeBlob, { written: true })
    const read = await authenticate(page, credential, { largeBlob: { read: true }, getCredBlob: true })
    t.is(read.given.largeBlob?.blob, blob.toString('base64url'))
    t.deepEqual(read.given.response.clientExtensionResults, { largeBlob: {} }, 'no blob is sent')
    t.deepEqual(read.verdict.ok && read.verdict.extensions, { credBlob: stored.toString('base64url') })
  })
}

pageTest('credProtect and minPinLength: what the authenticator signed', async (t, page) => {
  await VirtualKey.plugIn(page, everything)
  const protection = { credentialProtectionPolicy: 'userVerificationRequired', enforceCredentialProtectionPolicy: true } as const
  const { verdict } = await register(page, { ...protection, minPinLength: true })
  t.deepEqual(verdict.ok && verdict.extensions, { credProtect: 3, minPinLength: 4 })
})

pageTest('what the browser asked for by itself is ignored, or refused', async (t, page) => {
  await VirtualKey.plugIn(page, everything)
  // Chrome protects each passkey, and the authenticator signs that it does.
  const { given: { response }, verdict, options: { challenge } } = await register(page, {})
  t.true(verdict.ok && !Object.hasOwn(verdict, 'extensions'))
  const verify = (extensions: RegistrationExtensions) =>
    verifyRegistration({ response, challenge, rp: rp(), extensions, unsolicitedExtensions: 'refuse' })
  t.deepEqual(verify({}), { ok: false, reason: 'extension-invalid' })
  const known = verify({ credentialProtectionPolicy: 'userVerificationOptional' })
  t.deepEqual(known.ok && known.extensions, { credProtect: 2 })
  t.false(verify({ credentialProtectionPolicy: 'userVerificationRequired' }).ok, 'it protects less')
})

pageTest('without extensions: true, the response alone', async (t, page) => {
  await VirtualKey.plugIn(page, everything)
  const { verdict } = await register(page, { prf: {} })
  if (!verdict.ok) return t.fail(verdict.reason)
  const { credential } = verdict
  const extensions = { prf: { eval: { first: salt } } }
  const options = authenticationOptions({ rp: rp(), allowCredentials: [credential], userVerification: 'required', extensions })
  const response = await page.evaluate(async (options) => {
    const path = '/module/index.js'
    return JSON.parse(JSON.stringify(await (await import(path)).authenticate(options))) as Given['response']
  }, options)
  t.is(response.id, credential.id)
  t.deepEqual(response.clientExtensionResults, { prf: {} })
})

pageTest('the service: what was asked for is kept with the challenge', async (t, page) => {
  await VirtualKey.plugIn(page, everything)
  const service = await Countersign.open({ rp: rp(), store: memoryStore(), webauthn: { unsolicitedExtensions: 'refuse' } })
  const creation = await service.beginWebauthn('ann', {
    name: 'ann', displayName: 'Ann', use: 'passkey', attestationFormats: ['packed'],
    extensions: { prf: {}, credBlob: salt, credentialProtectionPolicy: 'userVerificationRequired' },
  })
  t.deepEqual(creation.attestationFormats, ['packed'])
  const made = await ceremony(page, 'register', creation)
  const enrolled = await service.finishWebauthn('ann', { response: made.response, description: 'key' })
  t.deepEqual(enrolled.ok && enrolled.extensions, { credProtect: 3, credBlob: true })

  const evalByCredential = { [made.response.id]: { first: salt }, [Buffer.alloc(32).toString('base64url')]: { first: salt } }
  const challenge = await service.challenge('ann', { extensions: { prf: { evalByCredential }, getCredBlob: true }, hints: ['client-device'] })
  t.deepEqual(challenge?.webauthn?.hints, ['client-device'])
  const signed = await ceremony(page, 'authenticate', challenge!.webauthn!)
  t.truthy(signed.prf?.results?.first, 'salts for credentials that are not listed are left out')
  const outcome = await service.verify('ann', { type: 'webauthn', response: signed.response })
  t.deepEqual(outcome.ok && outcome.extensions, { credBlob: salt.toString('base64url') })

  const extensions = { getCredBlob: true }
  for (const [asked, ok] of [[extensions, true], [{}, false]] as const) {
    const { webauthn } = await service.challenge({ extensions })
    const passkey = await ceremony(page, 'authenticate', webauthn)
    const answer = { type: 'webauthn', response: passkey.response }
    const result = await service.verifyPasskey(answer, { extensions: asked })
    t.is(result.ok, ok, 'what nobody asked for is refused')
    if (result.ok) t.deepEqual(result.extensions, { credBlob: salt.toString('base64url') })
  }
})
