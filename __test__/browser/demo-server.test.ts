import { once } from 'node:events'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { spawnDemo } from '../helpers/demo-process.js'
import { freePort } from '../helpers/free-port.js'
import { Client, type Reply } from './client.js'
import { phoneCode, startDemo, type DemoServer } from './demo-server.js'

const ANN = { name: 'ann', password: 'correct horse battery' }
const STEP = 31_000
const FIVE_MINUTES = 5 * 60_000

function demoTest(
  title: string,
  play: (t: ExecutionContext, demo: DemoServer) => Promise<void>,
  options: { required?: boolean; passwordsPerAddress?: number } = {},
): void {
  test.serial(title, async (t) => {
    const demo = await startDemo(options)
    try {
      await play(t, demo)
    } finally {
      await demo.close()
    }
  })
}

/** Enrols an app and gives its secret. */
async function enrol(client: Client, demo: DemoServer): Promise<string> {
  const { body } = await client.second('factors/totp')
  const code = phoneCode(body.secret, demo.now())
  const finished = await client.second('factors/totp/finish', { enrolment: body.enrolment, code, description: 'Phone' })
  if (!finished.body.ok) throw new Error(`not enrolled: ${JSON.stringify(finished.body)}`)
  demo.pass(STEP)
  return body.secret
}

/** The last part of the problem's type. */
function problem({ body }: Reply): string | undefined {
  return body.type?.split(':').pop()
}

async function withAccount(t: ExecutionContext, demo: DemoServer): Promise<Client> {
  const client = new Client(demo)
  await client.post('accounts', ANN)
  t.is((await client.second('challenge')).body.challenge, null)
  return client
}

demoTest('every answer carries the security headers', async (t, demo) => {
  const client = new Client(demo)
  for (const path of [
    '/', '/app.js', '/modules/browser/index.js', '/modules/browser/ui/index.js', '/api/session', '/countersign/session',
    '/nowhere', '/countersign/nowhere',
  ]) {
    const { headers, status } = await client.send('GET', path)
    t.is(status, path.endsWith('nowhere') ? 404 : 200, path)
    t.is(headers.get('cache-control'), 'no-store')
    t.is(headers.get('x-content-type-options'), 'nosniff')
    const policy = headers.get('content-security-policy') ?? ''
    t.true(policy.startsWith("default-src 'none'; script-src 'self';"))
    t.false(policy.includes('unsafe'))
  }
})

demoTest('only a fresh verification deletes the account, and then nothing of it is left', async (t, demo) => {
  const deletion = (client: Client) => client.send('DELETE', '/api/account', {})
  const client = await withAccount(t, demo)
  const secret = await enrol(client, demo)
  demo.pass(FIVE_MINUTES)
  const pending = new Client(demo)
  await pending.post('sign-in', ANN)
  t.is(problem(await deletion(new Client(demo))), 'not-signed-in')
  t.is(problem(await deletion(pending)), 'second-factor-required')
  t.is(problem(await deletion(client)), 'step-up-required')
  t.is((await client.get('session')).body.state, 'verified')

  await client.second('challenge')
  const answer = { type: 'totp', code: phoneCode(secret, demo.now()) }
  t.true((await client.second('verify', { answer })).body.ok)
  t.is((await deletion(client)).status, 200)
  t.is((await client.get('session')).body.state, 'none')
  // The other session is worth nothing any more, and the name is free.
  t.is(problem(await deletion(pending)), 'not-signed-in')
  t.is((await pending.post('sign-in', ANN)).status, 401)
  t.is((await new Client(demo).post('accounts', ANN)).status, 200)
})

demoTest('no path leads out of the page', async (t, demo) => {
  const outside = [
    '/../package.json', '/%2e%2e/server.js', '/modules/browser/../../index.js', '/modules/browser/ui/../../index.js',
    '/countersign/../package.json', '/constructor',
  ]
  for (const path of outside) {
    t.is((await new Client(demo).send('GET', path)).status, 404, path)
  }
})

demoTest('a request that changes something comes from no other site, is JSON, and is small', async (t, demo) => {
  const client = await withAccount(t, demo)
  const refusals: [number, Record<string, string>, unknown][] = [
    [403, { origin: 'https://evil.example' }, {}],
    [403, { origin: 'null' }, {}],
    [403, { origin: `${demo.origin}.evil.example` }, {}],
    [415, { 'content-type': 'text/plain' }, {}],
    [415, { 'content-type': 'application/x-www-form-urlencoded' }, 'a=b'],
    [400, {}, '{'],
    [400, {}, '[]'],
    [400, {}, 'null'],
    [413, {}, { fill: 'x'.repeat(64 * 1024) }],
  ]
  for (const [status, headers, body] of refusals) {
    for (const path of ['/api/sign-out', '/countersign/factors/totp']) {
      // The demo's own routes refuse what a page of another site could send, whatever it is, with one answer.
      const expected = status === 415 && path.startsWith('/api/') ? 403 : status
      t.is((await client.send('POST', path, body, headers)).status, expected, `${path} ${JSON.stringify(headers)}`)
    }
  }
  t.is((await client.get('session')).body.state, 'verified')
})

demoTest('the cookie is kept from scripts and from other sites', async (t, demo) => {
  const { headers } = await new Client(demo).post('accounts', ANN)
  t.regex(headers.get('set-cookie') ?? '', /^countersign-session=[\w-]{22}\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
})

demoTest('a pending sign-in reaches its challenge and nothing else', async (t, demo) => {
  const client = await withAccount(t, demo)
  await enrol(client, demo)
  t.is((await client.post('sign-in', ANN)).status, 200)
  t.is((await client.get('session')).body.state, 'pending')
  const closed: [string, string][] = [
    ['GET', '/countersign/factors'],
    ['GET', '/countersign/status'],
    ['POST', '/countersign/factors/totp'],
    ['POST', '/countersign/factors/totp/finish'],
    ['POST', '/countersign/factors/webauthn'],
    ['POST', '/countersign/factors/webauthn/finish'],
    ['POST', '/countersign/recovery-codes'],
    ['PATCH', '/countersign/factors/recovery'],
    ['DELETE', '/countersign/factors/recovery'],
    ['GET', '/countersign/admin/users'],
    ['GET', '/countersign/admin/users/ann'],
    ['POST', '/countersign/admin/users/ann/unlock'],
    ['POST', '/api/step-up/password'],
  ]
  const answer = { type: 'totp', code: '000000' }
  for (const [method, path] of closed) {
    for (const one of [client, new Client(demo)]) {
      const body = { ...ANN, answer, enrolment: 'x', code: '000000', response: {}, description: 'x' }
      t.is((await one.send(method, path, body)).status, 401, `${method} ${path}`)
    }
  }
  for (const path of ['challenge', 'verify', 'reset']) {
    t.is((await new Client(demo).second(path, { answer, totp: '000000', recovery: '' })).status, 401, path)
  }
  t.true((await client.second('challenge')).body.challenge?.totp)
})

demoTest('each privilege gets a new session id, and the old one is worth nothing', async (t, demo) => {
  const client = await withAccount(t, demo)
  const seen = new Set([client.cookie])
  const expectNew = async (reason: string) => {
    t.false(seen.has(client.cookie), reason)
    for (const cookie of seen) {
      const old = new Client(demo)
      old.cookie = cookie
      t.is((await old.get('session')).body.state, 'none', reason)
    }
    seen.add(client.cookie)
  }
  const secret = await enrol(client, demo)
  await expectNew('first factor')
  await client.post('sign-in', ANN)
  await expectNew('password')
  await client.second('verify', { answer: { type: 'totp', code: phoneCode(secret, demo.now()) } })
  await expectNew('second factor')
  demo.pass(STEP)
  await client.second('verify', { answer: { type: 'totp', code: phoneCode(secret, demo.now()) } })
  await expectNew('step-up')
  t.is((await client.get('session')).body.state, 'verified')
  await client.post('sign-out')
  await expectNew('sign-out')
})

demoTest('answers are only answers: anything else is a refusal', async (t, demo) => {
  const client = await withAccount(t, demo)
  await enrol(client, demo)
  await client.post('sign-in', ANN)
  const plain = [undefined, null, 7, 'totp:', [], {}, { type: 'totp' }, { type: '__proto__' }]
  const typed = [{ type: 'totp', code: 123456 }, { type: 'webauthn', response: {} }, { type: 'recovery', code: '' }]
  for (const answer of [...plain, ...typed]) {
    const { status, body } = await client.second('verify', { answer })
    // Without the member at all it is no request of this operation.
    t.is(status, answer === undefined ? 400 : 403)
    t.not(body.ok, true)
  }
  t.is((await client.get('session')).body.state, 'pending')
  t.deepEqual(demo.logged, [])
})

demoTest('changing factors needs a proof of the last five minutes', async (t, demo) => {
  const client = await withAccount(t, demo)
  demo.pass(FIVE_MINUTES)
  t.is(problem(await client.second('factors/totp')), 'step-up-required')
  t.is((await client.second('challenge')).body.challenge, null)
  t.false((await client.post('step-up/password', { password: 'wrong' })).body.ok)
  t.is((await client.second('factors/totp')).status, 403)
  t.true((await client.post('step-up/password', ANN)).body.ok)
  t.is((await client.second('challenge')).body.challenge, null)
  const secret = await enrol(client, demo)
  const factor = (await client.second('GET factors')).body.factors[0]!

  demo.pass(FIVE_MINUTES)
  t.is((await client.post('step-up/password', ANN)).status, 403)
  const changes: [string, string][] = [
    ['POST', 'factors/totp'],
    ['POST', 'factors/webauthn'],
    ['POST', 'recovery-codes'],
    ['PATCH', `factors/${factor.id}`],
    ['DELETE', `factors/${factor.id}`],
  ]
  for (const [method, path] of changes) {
    const reply = await client.second(`${method} ${path}`, { description: 'x' })
    t.deepEqual([reply.status, problem(reply)], [403, 'step-up-required'], `${method} ${path}`)
  }
  const answer = { type: 'totp', code: phoneCode(secret, demo.now()) }
  t.true((await client.second('verify', { answer })).body.ok)
  t.true((await client.second(`DELETE factors/${factor.id}`)).body.ok)
  await client.post('sign-in', ANN)
  t.is((await client.second('challenge')).body.challenge, null)
  t.is((await client.get('session')).body.state, 'verified')

  demo.pass(FIVE_MINUTES)
  t.true((await client.post('step-up/password', ANN)).body.ok)
  t.is((await client.second('challenge')).body.challenge, null)
  t.is((await client.second('factors/totp')).status, 200)
})

demoTest('a session that knows the password alone can’t add to the factors of another', async (t, demo) => {
  const owner = await withAccount(t, demo)
  const other = new Client(demo)
  await other.post('sign-in', ANN)
  await other.second('challenge')
  const { enrolment, secret } = (await other.second('factors/totp')).body
  await enrol(owner, demo)
  const code = phoneCode(secret, demo.now())
  t.is((await other.second('factors/totp/finish', { enrolment, code, description: 'x' })).status, 401)
  t.is((await owner.second('GET factors')).body.factors.length, 1)
})

demoTest('a session that has ended stays ended, whatever it asked for meanwhile', async (t, demo) => {
  const owner = await withAccount(t, demo)
  const other = new Client(demo)
  await other.post('sign-in', ANN)
  await other.second('challenge')
  t.is((await other.get('session')).body.state, 'verified')
  const { enrolment, secret } = (await owner.second('factors/totp')).body
  // The password takes its time to check: the owner's factor comes first, and ends all other sessions.
  const late = other.post('step-up/password', ANN)
  await new Promise((resolve) => setTimeout(resolve, 30))
  const code = phoneCode(secret, demo.now())
  t.true((await owner.second('factors/totp/finish', { enrolment, code, description: 'x' })).body.ok)
  t.is((await late).status, 401)
  t.is((await other.second('GET factors')).status, 401)
  t.is((await owner.second('GET factors')).status, 200)
})

demoTest('a sign-out with an id that was replaced meanwhile ends what took its place', async (t, demo) => {
  const client = await withAccount(t, demo)
  const secret = await enrol(client, demo)
  const stepUp = () => client.second('verify', { answer: { type: 'totp', code: phoneCode(secret, demo.now()) } })
  const late = new Client(demo)
  late.cookie = client.cookie
  for (let times = 0; times < 2; times++) {
    t.true((await stepUp()).body.ok)
    demo.pass(STEP)
  }
  t.not(late.cookie, client.cookie)
  // The sign-out was on its way when the answers came in; the first id is a minute old by now.
  await late.post('sign-out')
  t.is((await client.second('GET factors')).status, 200)

  late.cookie = client.cookie
  t.true((await stepUp()).body.ok)
  t.is((await late.second('GET factors')).status, 401, 'it opens nothing any more')
  t.is((await late.post('sign-out')).status, 200)
  t.is((await client.second('GET factors')).status, 401)

  await client.post('sign-in', ANN)
  late.cookie = client.cookie
  demo.pass(STEP)
  t.true((await stepUp()).body.ok)
  await late.post('sign-out')
  t.is((await client.get('session')).body.state, 'none', 'a sign-in that was just done')
})

demoTest('how a name is written tells nobody whether it exists', async (t, demo) => {
  const client = await withAccount(t, demo)
  for (const [name, other] of [['ann', 'ＡＮＮ'], ['nobody', 'ＮＯＢＯＤＹ']]) {
    for (let tries = 0; tries < 10; tries++) await client.post('sign-in', { name, password: 'wrong' })
    t.is((await client.post('sign-in', { name: other, password: 'wrong' })).status, 429)
  }
})

demoTest('a password is throttled by account and by address, whether or not the name exists', async (t, demo) => {
  const client = await withAccount(t, demo)
  for (const name of ['ann', 'nobody']) {
    const replies = []
    for (let tries = 0; tries < 11; tries++) replies.push(await client.post('sign-in', { name, password: 'wrong' }))
    t.deepEqual(replies.map(({ status }) => status), [...Array(10).fill(401), 429])
    t.is(replies[0]?.body.error, 'wrong-password')
  }
  t.is((await client.post('sign-in', ANN)).status, 429)
  demo.pass(15 * 60_000)
  t.is((await client.post('sign-in', ANN)).status, 200)
})

demoTest(
  'an address may try as many passwords as the settings say',
  async (t, demo) => {
    const client = await withAccount(t, demo)
    const statuses = []
    for (const name of ['ann', 'nobody', 'bob']) statuses.push((await client.post('sign-in', { ...ANN, name })).status)
    t.deepEqual(statuses, [200, 401, 429])
  },
  { passwordsPerAddress: 3 },
)

demoTest('a second factor does not wait for the passwords of others', async (t, demo) => {
  const client = await withAccount(t, demo)
  const secret = await enrol(client, demo)
  let checked = 0
  const others = Array.from({ length: 16 }, async (_, index) => {
    await new Client(demo).post('sign-in', { name: `nobody ${index}`, password: 'wrong' })
    checked += 1
  })
  // By then all of them have arrived.
  await Promise.race(others)
  const before = checked
  const answer = { type: 'totp', code: phoneCode(secret, demo.now()) }
  t.true((await client.second('verify', { answer })).body.ok)
  t.true(checked - before < 6, `${checked - before} passwords came first`)
  await Promise.all(others)
})

demoTest('an account is refused that could not be used', async (t, demo) => {
  const client = await withAccount(t, demo)
  const refusals: [object, number][] = [
    [{ name: 'ANN', password: 'long enough' }, 409],
    [{ name: '', password: 'long enough' }, 400],
    [{ name: 'x'.repeat(65), password: 'long enough' }, 400],
    [{ name: '🔑'.repeat(64), password: 'long enough' }, 400],
    [{ name: 'a\u0000b', password: 'long enough' }, 400],
    [{ name: '\ud800', password: 'long enough' }, 400],
    [{ name: 'bob', password: 'short' }, 400],
    [{ name: 'bob' }, 400],
    [{ name: ['bob'], password: 'long enough' }, 400],
  ]
  for (const [body, status] of refusals) {
    t.is((await client.post('accounts', body)).status, status, JSON.stringify(body))
  }
})

demoTest(
  'where a second factor is required, a password opens nothing before one is enrolled',
  async (t, demo) => {
    const client = await withAccount(t, demo)
    const opened = async () => [
      (await client.get('session')).body.state,
      (await client.second('GET factors')).status,
      (await client.second('recovery-codes')).status,
    ]
    t.deepEqual(await opened(), ['pending', 401, 401])
    await client.post('sign-in', ANN)
    t.is((await client.second('challenge')).body.challenge, null)
    t.deepEqual(await opened(), ['pending', 401, 401])

    const late = new Client(demo)
    await late.post('sign-in', ANN)
    const before = client.cookie
    await enrol(client, demo)
    t.deepEqual(await opened(), ['verified', 200, 200])
    t.not(client.cookie, before)
    // Who knew the password alone is out, and in again only by the factor.
    t.is((await late.second('factors/totp')).status, 401)
    await late.post('sign-in', ANN)
    t.is(problem(await late.second('factors/totp')), 'second-factor-required')
    t.true((await late.second('challenge')).body.challenge?.totp)
  },
  { required: true },
)

demoTest('a lost factor store lets nobody in with the password alone', async (t, demo) => {
  const client = await withAccount(t, demo)
  await enrol(client, demo)
  const records = join(demo.directory, 'countersign', 'records')
  for (const name of await readdir(records)) await rm(join(records, name), { recursive: true })
  const other = new Client(demo)
  await other.post('sign-in', ANN)
  for (const path of ['GET session', 'challenge', 'factors/totp']) {
    const reply = await other.second(path)
    t.deepEqual([reply.status, problem(reply)], [500, 'internal'], path)
    t.is(reply.headers.get('set-cookie'), null)
  }
  t.deepEqual(demo.logged.map((error) => (error as { code: string }).code), Array(3).fill('record-missing'))
  t.is((await other.get('session')).body.state, 'pending')
})

demoTest('the files of the demo are its owner’s', async (t, demo) => {
  await withAccount(t, demo)
  t.is((await stat(join(demo.directory, 'accounts.json'))).mode & 0o777, 0o600)
  t.is((await stat(demo.directory)).mode & 0o777, 0o700)
})

test('the server says one line, names a busy port, and stops when told', async (t) => {
  const demo = await startDemo()
  t.teardown(demo.close)
  const run = (port: number) => {
    const started = spawnDemo(port, join(demo.directory, 'another'))
    t.teardown(() => started.child.kill('SIGKILL'))
    return started
  }
  const busyPort = Number(new URL(demo.origin).port)
  const busy = run(busyPort)
  t.deepEqual(await once(busy.child, 'close'), [1, null])
  t.regex(busy.output.error, new RegExp(`^Port ${busyPort} is in use`))
  t.is(busy.output.out, '')

  const good = run(await freePort())
  await once(good.child.stdout!, 'data')
  t.is((await fetch(`${good.origin}/`)).status, 200)
  t.is(await good.stop(), 0)
  t.is(good.output.out, `The demo is ready on ${good.origin}\n`)
  t.is(good.output.error, '')
})
