import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { VirtualKey, passkeyDevice } from './authenticator.js'
import { browserTests } from './browser-tests.js'
import { withoutConversions } from './conversions.js'

const PAGE = '<!doctype html><title>Ceremonies</title><input autocomplete="webauthn">'
const folder = new URL('.', import.meta.resolve('countersign/browser'))
const { browserTest, browser } = browserTests()

let server: Server
let origin: string

test.before(async () => {
  server = createServer(async (request, response) => {
    const name = request.url?.match(/^\/module\/([\w-]+\.js)$/)?.[1]
    response.setHeader('content-type', name ? 'text/javascript' : 'text/html')
    response.end(name ? await readFile(new URL(name, folder)) : PAGE)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})
test.after.always(async () => {
  server.closeAllConnections()
  server.close()
})

type Call = { method: 'register' | 'authenticate'; options: object; ceremony?: object }
type Texts = 'clientDataJSON' | 'attestationObject' | 'authenticatorData' | 'signature' | 'userHandle'
type Json = {
  id: string
  rawId: string
  type: string
  response: Record<Texts, string> & { transports?: string[] }
  clientExtensionResults: { credProps?: object; prf?: { enabled?: boolean; results?: { first: string } } }
}
type Result = { json: Json; code?: string; name?: string; cause?: string }

/** Runs one ceremony in the page; what is broken there stays broken. */
function ceremony(page: Page, call: Call): Promise<Result> {
  return page.evaluate(async ({ method, options, ceremony }): Promise<Result> => {
    const path = '/module/index.js'
    const module = await import(path)
    try {
      return { json: JSON.parse(JSON.stringify(await module[method](options, ceremony))) as Json }
    } catch (error) {
      const { code, name, cause } = error as Error & { code: string; cause?: Error }
      return { json: {} as Json, code, name, cause: cause?.name ?? '' }
    }
  }, call)
}

const CHALLENGE = Buffer.alloc(32, 0xfb).toString('base64url')
const USER = Buffer.from([0, 255, 254, 62, 63]).toString('base64url')

function creation(more: object = {}): object {
  return {
    rp: { id: 'localhost', name: 'Test' },
    user: { id: USER, name: 'ann', displayName: 'Ann' },
    challenge: CHALLENGE,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    timeout: 20_000,
    ...more,
  }
}

function request(id: string, more: object = {}): object {
  const allowCredentials = [{ type: 'public-key', id }]
  return { challenge: CHALLENGE, rpId: 'localhost', allowCredentials, timeout: 20_000, ...more }
}

const RESIDENT = { authenticatorSelection: { residentKey: 'required', userVerification: 'required' } }

function pageTest(title: string, play: (t: ExecutionContext, page: Page) => Promise<void>, at = () => origin): void {
  browserTest(title, async (t) => {
    const context = await browser().newContext()
    try {
      const page = await context.newPage()
      await page.goto(at())
      await play(t, page)
    } finally {
      await context.close()
    }
  })
}

/** How a browser or a password manager may spoil the conversions. */
const spoilers: Record<string, () => void> = {
  'the browser’s own conversions': () => {},
  'no conversions at all': withoutConversions,
  'conversions that throw': () => {
    const illegal = (): never => {
      throw new TypeError('Illegal invocation')
    }
    PublicKeyCredential.parseCreationOptionsFromJSON = illegal
    PublicKeyCredential.parseRequestOptionsFromJSON = illegal
    PublicKeyCredential.prototype.toJSON = illegal
    AuthenticatorAttestationResponse.prototype.getTransports = illegal
  },
  'a toJSON that gives half': () => {
    PublicKeyCredential.prototype.toJSON = function (this: PublicKeyCredential) {
      return { id: this.id, rawId: this.rawId, type: this.type, response: {} }
    } as unknown as typeof PublicKeyCredential.prototype.toJSON
  },
  'a toJSON that writes the standard alphabet': () => {
    const usual = PublicKeyCredential.prototype.toJSON
    const respelt = (value: unknown): unknown => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, respelt(member)]))
      }
      if (typeof value !== 'string' || value === 'public-key') return value
      const text = value.replaceAll('-', '+').replaceAll('_', '/')
      return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
    }
    PublicKeyCredential.prototype.toJSON = function (this: PublicKeyCredential) {
      return respelt(usual.call(this))
    } as typeof PublicKeyCredential.prototype.toJSON
  },
  'a toJSON that gives nothing': () => {
    PublicKeyCredential.prototype.toJSON = () => ({}) as ReturnType<typeof PublicKeyCredential.prototype.toJSON>
  },
}
for (const [how, spoil] of Object.entries(spoilers)) {
  pageTest(`both ceremonies with ${how}`, async (t, page) => {
    const key = await VirtualKey.plugIn(page, passkeyDevice)
    await page.evaluate(spoil)
    const options = creation({ ...RESIDENT, extensions: { credProps: true } })
    const made = await ceremony(page, { method: 'register', options })
    const { id, rawId, type, response, clientExtensionResults } = made.json
    t.is(rawId, id)
    t.is(type, 'public-key')
    t.deepEqual(clientExtensionResults.credProps, { rk: true })
    t.is(JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString()).challenge, CHALLENGE)
    t.true(Buffer.from(response.attestationObject, 'base64url').includes('authData'))
    if (!how.endsWith('throw')) t.deepEqual(response.transports, ['internal'])

    const signed = await ceremony(page, { method: 'authenticate', options: request(id) })
    t.is(signed.json.id, id)
    t.is(signed.json.response.userHandle, USER)
    t.true(Buffer.from(signed.json.response.signature, 'base64url').length > 60)
    t.is(Buffer.from(signed.json.response.authenticatorData, 'base64url').length, 37)
    t.true(JSON.stringify(signed.json).match(/[+/=]/) === null, 'base64url everywhere')

    const excluding = creation({ excludeCredentials: [{ type: 'public-key', id }] })
    const again = await ceremony(page, { method: 'register', options: excluding })
    t.like(again, { code: 'already-registered', name: 'CeremonyError' })
    await key.unplug()
  })
}

pageTest('refusals that a page can branch on', async (t, page) => {
  const key = await VirtualKey.plugIn(page, { hasResidentKey: true, hasUserVerification: true, isUserVerified: false })
  const unknown = Buffer.alloc(32, 1).toString('base64url')
  const cases: [string, Call][] = [
    ['cancelled', { method: 'authenticate', options: request(unknown) }],
    ['cancelled', { method: 'register', options: creation(RESIDENT) }],
    ['invalid-domain', { method: 'register', options: creation({ rp: { id: 'example.com', name: 'Other' } }) }],
    ['invalid-domain', { method: 'authenticate', options: request(unknown, { rpId: 'example.com' }) }],
    ['not-supported', { method: 'register', options: creation({ pubKeyCredParams: [{ type: 'other', alg: -7 }] }) }],
    ['invalid-options', { method: 'register', options: { challenge: CHALLENGE } }],
    ['invalid-options', { method: 'register', options: creation({ challenge: 'not base64url!' }) }],
    ['invalid-options', { method: 'authenticate', options: {} }],
    // `challenge.webauthn` of a user without a key.
    ['invalid-options', { method: 'authenticate', options: null as unknown as object }],
    ['invalid-options', { method: 'register', options: null as unknown as object }],
  ]
  for (const [code, call] of cases) t.is((await ceremony(page, call)).code, code, JSON.stringify(call))
  await key.unplug()
})

pageTest('a signal ends a ceremony, before it or during it', async (t, page) => {
  const key = await VirtualKey.plugIn(page, passkeyDevice)
  await key.touch(false)
  const codes = await page.evaluate(async (options) => {
    const path = '/module/index.js'
    const { register } = await import(path)
    const codeOf = (promise: Promise<unknown>) => promise.then(() => 'done', (error) => error.code)
    const controller = new AbortController()
    const during = codeOf(register(options, { signal: controller.signal }))
    setTimeout(() => controller.abort('a reason of the page'), 200)
    return [await codeOf(register(options, { signal: AbortSignal.abort() })), await during]
  }, creation())
  t.deepEqual(codes, ['aborted', 'aborted'])
})

pageTest('nobody answers in time', async (t, page) => {
  const key = await VirtualKey.plugIn(page, passkeyDevice)
  await key.touch(false)
  // The browser keeps its own lower bound of 10 s, so the clock of the page is the one to move.
  await page.evaluate(() => {
    const get = navigator.credentials.get.bind(navigator.credentials)
    const now = performance.now.bind(performance)
    navigator.credentials.get = (options) => {
      performance.now = () => now() + 30_000
      return get({ ...options, signal: AbortSignal.abort(new DOMException('', 'NotAllowedError')) })
    }
  })
  t.is((await ceremony(page, { method: 'authenticate', options: request(USER) })).code, 'timeout')
})

pageTest('a new ceremony ends the one that waits in the autofill', async (t, page) => {
  const key = await VirtualKey.plugIn(page, passkeyDevice)
  const made = await ceremony(page, { method: 'register', options: creation(RESIDENT) })
  await key.touch(false)
  const waiting = ceremony(page, {
    method: 'authenticate',
    options: request(made.json.id, { allowCredentials: [] }),
    ceremony: { conditional: true },
  })
  await page.waitForTimeout(300)
  await key.touch(true)
  const signed = await ceremony(page, { method: 'authenticate', options: request(made.json.id) })
  t.is(signed.json.id, made.json.id)
  t.is((await waiting).code, 'aborted')
})

pageTest('autofill gives the passkey', async (t, page) => {
  await VirtualKey.plugIn(page, passkeyDevice)
  const made = await ceremony(page, { method: 'register', options: creation(RESIDENT) })
  const filled = await ceremony(page, {
    method: 'authenticate',
    options: request('', { allowCredentials: [] }),
    ceremony: { conditional: true },
  })
  t.is(filled.json.id, made.json.id)
})

/** Runs one ceremony when a button is clicked, as browsers want it. */
async function clicked(page: Page, options: object, ceremony: object): Promise<string> {
  await page.evaluate(([options, ceremony]) => {
    const button = document.body.appendChild(document.createElement('button'))
    const shared = window as unknown as { result: Promise<string> }
    shared.result = new Promise((resolve) => {
      button.addEventListener('click', async () => {
        const path = '/module/index.js'
        const { authenticate } = await import(path)
        const controller = new AbortController()
        resolve(authenticate(options, { signal: controller.signal, ...ceremony }).then(
          (json: { id: string }) => json.id, (error: { code: string }) => error.code,
        ))
      })
    })
  }, [options, ceremony] as const)
  await page.locator('button').last().click()
  return page.evaluate(() => (window as unknown as { result: Promise<string> }).result)
}

pageTest('immediate: a passkey of this device, or none at once', async (t, page) => {
  const key = await VirtualKey.plugIn(page, passkeyDevice)
  const can = await page.evaluate(async () => {
    const path = '/module/index.js'
    return (await import(path)).immediateSupported()
  })
  const anybody = request('', { allowCredentials: [] })
  if (!can) {
    t.is(await clicked(page, anybody, { immediate: true }), 'not-supported')
    t.log('This browser has no immediate mode: the rest needs Chrome 149.')
    return
  }
  t.is(await clicked(page, anybody, { immediate: true }), 'none-here')
  const made = await ceremony(page, { method: 'register', options: creation(RESIDENT) })
  t.is(await clicked(page, anybody, { immediate: true }), made.json.id)
  const { allowCredentials, ...without } = anybody as { allowCredentials: unknown }
  t.deepEqual(allowCredentials, [])
  t.is(await clicked(page, without, { immediate: true }), made.json.id)
  // What is wrong in the page must not look as if there were no passkey.
  t.is(await clicked(page, request(made.json.id), { immediate: true }), 'invalid-options')
  t.is(await clicked(page, anybody, { immediate: true, conditional: true }), 'invalid-options')
  t.is(await clicked(page, { ...anybody, rpId: 'example.com' }, { immediate: true }), 'invalid-domain')
  // An answer that comes late is still not a time-out of a dialog that nobody saw.
  await key.clear()
  t.is(await clicked(page, { ...anybody, timeout: 1 }, { immediate: true }), 'none-here')
  t.is(await clicked(page, anybody, { immediate: false }), 'cancelled')
})

pageTest('immediate mode where the browser lacks it, and what browsers say that they can do', async (t, page) => {
  const answers: unknown[] = [{ immediateGet: true, conditionalGet: true }, { immediateGet: false, conditionalGet: false }, {}]
  const told = await page.evaluate(async ([answers, options]) => {
    const path = '/module/index.js'
    const { authenticate, conditionalSupported, immediateSupported } = await import(path)
    PublicKeyCredential.isConditionalMediationAvailable = async () => true
    const told: unknown[] = []
    const ask = async (): Promise<void> => void told.push([await immediateSupported(), await conditionalSupported()])
    for (const answer of answers) {
      PublicKeyCredential.getClientCapabilities = async () => answer as Record<string, boolean>
      await ask()
    }
    PublicKeyCredential.getClientCapabilities = async () => { throw new TypeError('Illegal invocation') }
    await ask()
    delete (PublicKeyCredential as { getClientCapabilities?: unknown }).getClientCapabilities
    await ask()
    delete (PublicKeyCredential as { isConditionalMediationAvailable?: unknown }).isConditionalMediationAvailable
    await ask()
    let asked = 0
    navigator.credentials.get = async () => { asked += 1; return null }
    const code = await authenticate(options, { immediate: true }).catch((error: { code: string }) => error.code)
    return [...told, code, asked]
  }, [answers, request('', { allowCredentials: [] })] as const)
  t.deepEqual(told, [[true, true], [false, false], [false, true], [false, true], [false, true], [false, false], 'not-supported', 0])
})

pageTest('a passkey without a dialog, for who just signed in with a password', async (t, page) => {
  const key = await VirtualKey.plugIn(page, passkeyDevice)
  // The browser does it only after its own password manager filled in the password, and here is none: what the page
  // asks for is looked at, and answered as if there were one.
  await page.evaluate(() => {
    const create = navigator.credentials.create.bind(navigator.credentials)
    navigator.credentials.create = async (options) => {
      const { mediation, ...rest } = options as { mediation?: string }
      if (mediation !== 'conditional') throw new Error('with a dialog')
      return create(rest)
    }
  })
  const options = creation(RESIDENT)
  const made = await ceremony(page, { method: 'register', options, ceremony: { conditional: true } })
  t.is(made.code, undefined)
  t.true((await key.credentials())[0]?.isResidentCredential)
  t.is((await ceremony(page, { method: 'register', options })).code, 'unknown')
  const capable = await page.evaluate(async () => {
    const path = '/module/index.js'
    const { conditionalCreateSupported } = await import(path)
    const here = await conditionalCreateSupported()
    const answers: unknown[] = [{ conditionalCreate: true }, { conditionalCreate: false }, {}]
    const told: unknown[] = []
    for (const answer of answers) {
      PublicKeyCredential.getClientCapabilities = async () => answer as Record<string, boolean>
      told.push(await conditionalCreateSupported())
    }
    delete (PublicKeyCredential as { getClientCapabilities?: unknown }).getClientCapabilities
    return [typeof here, ...told, await conditionalCreateSupported()]
  })
  t.deepEqual(capable, ['boolean', true, false, false, false])
})

/** Sends one signal from the page; true: the browser took it. */
function signal(page: Page, name: string, options: object): Promise<boolean> {
  return page.evaluate(async ([name, options]) => {
    const path = '/module/index.js'
    return (await import(path))[name](options)
  }, [name, options] as const)
}

pageTest('signals: a renamed user, passkeys that are gone', async (t, page) => {
  const key = await VirtualKey.plugIn(page, passkeyDevice)
  const made = await ceremony(page, { method: 'register', options: creation(RESIDENT) })
  const about = { rpId: 'localhost', userId: USER }
  t.true(await signal(page, 'signalCurrentUserDetails', { ...about, name: 'new name', displayName: 'New Name' }))
  t.like((await key.credentials())[0], { userName: 'new name', userDisplayName: 'New Name' })

  const kept = { ...about, allAcceptedCredentialIds: [made.json.id] }
  t.true(await signal(page, 'signalAllAcceptedCredentials', kept))
  t.is((await key.credentials()).length, 1)
  t.true(await signal(page, 'signalAllAcceptedCredentials', { ...about, allAcceptedCredentialIds: [] }))
  t.is((await key.credentials()).length, 0)

  const again = await ceremony(page, { method: 'register', options: creation(RESIDENT) })
  t.true(await signal(page, 'signalUnknownCredential', { rpId: 'localhost', credentialId: again.json.id }))
  t.is((await key.credentials()).length, 0)
})

pageTest('signals do nothing where the browser lacks or refuses them', async (t, page) => {
  const names = ['signalAllAcceptedCredentials', 'signalCurrentUserDetails', 'signalUnknownCredential']
  for (const name of names) t.false(await signal(page, name, { rpId: 'example.com' }), name)
  await page.evaluate((names) => {
    for (const name of names) delete (PublicKeyCredential as unknown as Record<string, unknown>)[name]
  }, names)
  for (const name of names) t.false(await signal(page, name, { rpId: 'localhost', userId: 'AA' }), name)
  await page.evaluate(() => delete (window as { PublicKeyCredential?: unknown }).PublicKeyCredential)
  for (const name of names) t.false(await signal(page, name, {}), name)
})

pageTest('what this browser can do', async (t, page) => {
  const [supported, conditional, without] = await page.evaluate(async () => {
    const path = '/module/index.js'
    const module = await import(path)
    const before = [module.supported(), await module.conditionalSupported()]
    delete (window as { PublicKeyCredential?: unknown }).PublicKeyCredential
    const code = await module.register({}).catch((error: { code: string }) => error.code)
    return [...before, [module.supported(), await module.conditionalSupported(), code]]
  })
  t.true(supported)
  t.is(typeof conditional, 'boolean')
  t.deepEqual(without, [false, false, 'not-supported'])
})

pageTest(
  'a page without https',
  async (t, page) => {
    t.is((await ceremony(page, { method: 'register', options: creation() })).code, 'insecure-context')
  },
  () => origin.replace('localhost', '0.0.0.0'),
)

test('the elements need the module and nothing else, and can be imported on a server', async (t) => {
  const loaded = await loads(new URL('ui/index.js', folder))
  for (const path of loaded.keys()) t.true(path.startsWith(folder.href), path)
  t.true(loaded.size > 10)
  const size = [...loaded.values()].reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0)
  t.true(size < 38_000, `${size} bytes gzipped, with the ceremonies`)
  // No language but English, which is in the module that has the types of all texts.
  t.deepEqual([...loaded.keys()].filter((path) => path.includes('/languages/')), [])
  t.is(typeof (await import('countersign/browser/ui')).CountersignSignIn, 'function')
})

test('the state machine loads no elements', async (t) => {
  const loaded = await loads(new URL('flow/index.js', folder))
  t.true(loaded.size > 5)
  t.deepEqual([...loaded.keys()].filter((path) => path.includes('/ui/')), [])
  const size = [...loaded.values()].reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0)
  t.true(size < 12_000, `${size} bytes gzipped, with the ceremonies`)
})

test('a language is one file, which loads no other', async (t) => {
  const languages = new URL('ui/languages/', folder)
  const names = (await readdir(languages)).filter((name) => name.endsWith('.js'))
  t.true(names.length >= 9)
  for (const name of names) {
    const loaded = await loads(new URL(name, languages))
    t.deepEqual([...loaded.keys()], [new URL(name, languages).href])
    const size = gzipSync([...loaded.values()][0]!, { level: 9 }).length
    t.true(size < 6000, `${name}: ${size} bytes gzipped`)
  }
})

/** What a browser loads for a module before it runs: the module itself, and all that its files import. */
async function loads(module: URL, files = new Map<string, Buffer>()): Promise<Map<string, Buffer>> {
  if (files.has(module.href)) return files
  const file = await readFile(module)
  files.set(module.href, file)
  for (const [, from = ''] of file.toString().matchAll(/(?:from|import) ["']([^"']+)["']/g)) await loads(new URL(from, module), files)
  return files
}

test('the module stands alone and is small', async (t) => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  const files = await Promise.all(names.map((name) => readFile(new URL(name, folder))))
  const size = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0)
  t.true(size < 4000, `${size} bytes gzipped`)
  for (const file of files) {
    for (const [, from] of file.toString().matchAll(/from ["']([^"']+)["']/g)) {
      t.true(names.includes(from!.replace('./', '')), from)
    }
  }
})
