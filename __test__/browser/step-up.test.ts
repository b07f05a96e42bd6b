// A page's own action that needs a fresh verification: the dialog, and the request that is sent again.
import type { Page } from 'playwright-core'

import { VirtualKey } from './authenticator.js'
import { screenshot } from './chromium.js'
import { scenes } from './scene.js'

const MINUTE = 60_000
const scene = scenes()

scene('deleting the account asks for the code once, and then does it', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  demo.pass(10 * MINUTE)
  await screenshot(ann.page, 'delete-my-account')
  const requests: number[] = []
  ann.page.on('response', (response) => {
    if (response.url().endsWith('/api/account')) requests.push(response.status())
  })
  await ann.page.getByRole('button', { name: 'Delete my account' }).click()
  await ann.page.getByRole('button', { name: 'Delete account' }).click()
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  await screenshot(ann.page, 'step-up-of-the-page')
  await ann.typeTotp(ann.nextCode())
  await ann.heading('Sign in').waitFor()
  t.deepEqual(requests, [403, 200])
  await ann.password()
  t.is(await ann.error(), 'Wrong name or password.')
})

scene('who closes the dialog keeps the account', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  demo.pass(10 * MINUTE)
  await ann.page.getByRole('button', { name: 'Delete my account' }).click()
  await ann.page.getByRole('button', { name: 'Delete account' }).click()
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  await ann.closeDialog()
  t.is(await ann.error(), 'Your account wasn’t deleted. Try again in a moment.')
  t.is((await ann.call('GET', '/api/session')).body.state, 'verified')
  t.is(await ann.factors.count(), 1)
})

scene('without a factor the page asks for the password', async ({ t, demo, ann }) => {
  demo.pass(10 * MINUTE)
  await ann.page.getByRole('button', { name: 'Delete my account' }).click()
  await ann.page.getByRole('button', { name: 'Delete account' }).click()
  await ann.dialog.getByLabel('Password').fill(ann.account.password)
  await ann.dialog.getByRole('button', { name: 'Continue' }).click()
  await ann.heading('Sign in').waitFor()
  t.is((await ann.call('GET', '/api/session')).body.state, 'none')
})

scene('many requests at once open one dialog, and each is sent once more with its body', async ({ t, demo, ann }) => {
  const key = await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await key.touch(true)
  demo.pass(10 * MINUTE)
  // The page's own routes that need a fresh proof; what they get is told.
  const bodies: string[] = []
  let fresh = false
  await ann.page.route('**/api/danger/*', async (route) => {
    bodies.push(`${fresh ? 'after' : 'before'} ${route.request().method()} ${route.request().postData()}`)
    const problem = { type: 'urn:countersign:problem:step-up-required', title: '', status: 403 }
    if (fresh) await route.fulfill({ status: 200, body: 'done' })
    else await route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(problem) })
  })
  ann.page.on('response', (response) => {
    if (response.url().endsWith('/countersign/verify') && response.ok()) fresh = true
  })
  const answers = ann.page.evaluate(async () => {
    const { fetchWithStepUp } = await import('/modules/browser/ui/index.js' as string)
    const send = async (one: number) => {
      const response = await fetchWithStepUp(`/api/danger/${one}`, { method: 'PUT', body: `body ${one}` })
      return [response.status, await response.text()]
    }
    return Promise.all([1, 2, 3].map(send))
  })
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  t.is(await ann.page.getByRole('dialog').count(), 1)
  await ann.useKey()
  t.deepEqual(await answers, [[200, 'done'], [200, 'done'], [200, 'done']])
  const told = (when: string) => bodies.filter((body) => body.startsWith(when)).sort()
  t.deepEqual(told('before'), [1, 2, 3].map((one) => `before PUT body ${one}`))
  t.deepEqual(told('after'), [1, 2, 3].map((one) => `after PUT body ${one}`))
})

scene('calls that share a dialog have a signal each, which ends only its own call', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  demo.pass(10 * MINUTE)
  const heading = ann.dialog.getByRole('heading', { name: 'Verify that it’s you' })
  const begin = () => ann.page.evaluate(async () => {
    const { stepUp } = await import('/modules/browser/ui/index.js' as string)
    const answers: Record<string, unknown> = {}
    const controllers = [new AbortController(), new AbortController()]
    const ask = (name: string, options: object) => void stepUp(options).then((answer: boolean) => (answers[name] = answer))
    ask('opener', { signal: controllers[0]!.signal })
    ask('other', { signal: controllers[1]!.signal })
    ask('strict', { signal: controllers[1]!.signal, phishingResistant: true })
    Object.assign(globalThis, { answers, controllers, ask })
  })
  const shown = () => ann.page.evaluate(() => ({ ...(globalThis as unknown as { answers: object }).answers }))
  const abort = (place: number) => ann.page.evaluate((one) => (globalThis as unknown as { controllers: AbortController[] }).controllers[one]!.abort(), place)
  await begin()
  await ann.page.evaluate(() => (globalThis as unknown as { ask: (name: string, options: object) => void }).ask('last', {}))
  await heading.waitFor()
  await abort(0)
  t.deepEqual(await shown(), { opener: false })
  t.is(await ann.page.getByRole('dialog').count(), 1)
  await abort(1)
  t.deepEqual(await shown(), { opener: false, other: false, strict: false })
  t.is(await ann.page.getByRole('dialog').count(), 1, 'one still waits')
  await ann.typeTotp(ann.nextCode())
  await heading.waitFor({ state: 'detached' })
  t.deepEqual(await shown(), { opener: false, other: false, strict: false, last: true })

  await begin()
  await heading.waitFor()
  await abort(1)
  t.is(await ann.page.getByRole('dialog').count(), 1)
  await abort(0)
  await heading.waitFor({ state: 'detached' })
  t.deepEqual(await shown(), { opener: false, other: false, strict: false }, 'nobody waits any more')
})

scene('a key alone is asked for where the server wants a phishing-resistant proof', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  const key = await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await key.touch(true)
  demo.pass(10 * MINUTE)
  const { asked, send } = await dangerous(ann.page)
  const sent = send()
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  t.is(await ann.dialog.getByRole('textbox').count(), 0, 'nothing to type')
  await screenshot(ann.page, 'step-up-with-a-key-only')
  await ann.useKey()
  t.is(await sent, 200)
  t.deepEqual(asked, ['{"phishingResistant":true}'])
})

scene('who has no key is told that one is needed', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  demo.pass(10 * MINUTE)
  const { send } = await dangerous(ann.page)
  const sent = send()
  await ann.dialog.getByText('You need a passkey or a security key for this.').waitFor()
  t.is(await ann.dialog.getByRole('textbox').count(), 0)
  await screenshot(ann.page, 'step-up-needs-a-key')
  await ann.closeDialog()
  t.is(await sent, 403)
})

scene('any other answer opens no dialog', async ({ t, ann }) => {
  await ann.enrolTotp()
  const problem = (name: string) => JSON.stringify({ type: `urn:countersign:problem:${name}`, title: '', status: 403 })
  const json = 'application/problem+json'
  await ann.page.route('**/danger/*', (route) => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1)
    const given = {
      rejected: { status: 403, contentType: json, body: problem('rejected') },
      ok: { status: 200, contentType: json, body: problem('step-up-required') },
      text: { status: 403, contentType: 'text/plain', body: problem('step-up-required') },
      broken: { status: 403, contentType: json, body: '{' },
    }[name as 'ok']
    return route.fulfill(given)
  })
  const statuses = await ann.page.evaluate(async () => {
    const { fetchWithStepUp } = await import('/modules/browser/ui/index.js' as string)
    const statusOf = async (url: string) => (await fetchWithStepUp(url)).status as number
    const paths = ['rejected', 'ok', 'text', 'broken'].map((name) => `/api/danger/${name}`)
    return Promise.all(paths.map(statusOf))
  })
  t.deepEqual(statuses, [403, 200, 403, 403])
  t.is(await ann.page.getByRole('dialog').count(), 0)
})

scene('an answer of another origin opens no dialog, and a request that was redirected is not done twice', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  demo.pass(10 * MINUTE)
  const send = (method: string, told: { type?: string; url?: string; redirected?: boolean }) => ann.page.evaluate(async ([method, told]) => {
    const { fetchWithStepUp } = await import('/modules/browser/ui/index.js' as string)
    const real = globalThis.fetch
    let sent = 0
    globalThis.fetch = async (input, init) => {
      if (!(input instanceof Request) || !input.url.endsWith('/api/danger')) return real(input, init)
      sent += 1
      const problem = JSON.stringify({ type: 'urn:countersign:problem:step-up-required' })
      const answer = sent > 1 ? new Response('done') : new Response(problem, { status: 403, headers: { 'content-type': 'application/problem+json' } })
      const all = { type: 'basic', url: input.url, redirected: false, ...told }
      return Object.defineProperties(answer, Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { value }])))
    }
    try {
      return [((await fetchWithStepUp('/api/danger', { method })) as Response).status, sent]
    } finally {
      globalThis.fetch = real
    }
  }, [method, told] as const)
  const foreign = 'https://evil.example/api/danger'
  t.deepEqual(await send('GET', { url: foreign }), [403, 1])
  t.deepEqual(await send('GET', { type: 'cors', url: foreign, redirected: true }), [403, 1])
  t.deepEqual(await send('GET', { type: 'cors' }), [403, 1])
  for (const method of ['POST', 'DELETE', 'PATCH']) t.deepEqual(await send(method, { redirected: true }), [403, 1])
  t.is(await ann.page.getByRole('dialog').count(), 0)
  const read = send('GET', { redirected: true })
  await ann.typeTotp(ann.nextCode())
  t.deepEqual(await read, [200, 2])
})

scene('a streamed body can be sent only once, and the error says so', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  demo.pass(10 * MINUTE)
  await ann.page.evaluate(() => {
    // Streams need HTTP/2, which the demo does not speak.
    const real = globalThis.fetch
    const refusal = { type: 'urn:countersign:problem:step-up-required' }
    globalThis.fetch = async (input, init) => {
      if (!(input instanceof Request) || !input.url.endsWith('/api/upload')) return real(input, init)
      const made = new Response(JSON.stringify(refusal), { status: 403, headers: { 'content-type': 'application/problem+json' } })
      Object.defineProperties(made, { type: { value: 'basic' }, url: { value: input.url } })
      return made
    }
  })
  const failed = ann.page.evaluate(async () => {
    const { fetchWithStepUp } = await import('/modules/browser/ui/index.js' as string)
    const body = new Blob(['streamed']).stream()
    return fetchWithStepUp('/api/upload', { method: 'POST', body, duplex: 'half' }).then(
      () => 'sent',
      (error: Error) => `${error.name}: ${error.message}`,
    ) as Promise<string>
  })
  await ann.typeTotp(ann.nextCode())
  t.regex(await failed, /^TypeError: .*can only be sent once/)
})

/** A route of the page's own that wants a phishing-resistant proof, and the challenges that are asked for then. */
async function dangerous(page: Page) {
  const asked: string[] = []
  let proved = false
  const problem = { type: 'urn:countersign:problem:step-up-required', title: '', status: 403, phishingResistant: true }
  await page.route('**/api/danger/*', (route) =>
    proved
      ? route.fulfill({ status: 200, body: 'done' })
      : route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(problem) }))
  page.on('request', (request) => {
    if (request.url().endsWith('/countersign/challenge')) asked.push(String(request.postData()))
  })
  page.on('response', (response) => {
    if (response.url().endsWith('/countersign/verify') && response.ok()) proved = true
  })
  const send = () => page.evaluate(async () => {
    const { fetchWithStepUp } = await import('/modules/browser/ui/index.js' as string)
    return (await fetchWithStepUp('/api/danger/1', { method: 'DELETE' })).status as number
  })
  return { asked, send }
}
