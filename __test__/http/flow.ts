import { setTimeout as pause } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { Factor } from '../../index.js'
import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import { wrongCode } from '../helpers/service.js'
import { HttpClient } from './http-client.js'

const step = 30_000
const password = { ann: 'correct horse battery', bob: 'purple monkey dishwasher', root: 'only for the examples' }

/** Every flow of people and administrators on a server that mounts the handler beside its own password step. */
export async function everyFlow(
  t: ExecutionContext,
  origin: string,
  browse: (origin: string) => HttpClient = (origin) => new HttpClient(origin),
): Promise<void> {
  await visitors(t, browse(origin))
  await ann(t, browse(origin), () => browse(origin))
  await bob(t, browse(origin), () => browse(origin))
  await root(t, browse(origin), () => browse(origin))
}

/** What `everyFlow` makes a server write to standard error, and no more: the warning of its page of another site. */
export function warningOfFlow(origin: string): string {
  return `CountersignWarning: A request was refused. The page is at https://evil.example, but rp.origins is ${origin}. ` +
    `If that page is yours, redirect it to one of rp.origins: at evil.example, browsers refuse passkeys of ${new URL(origin).hostname}. ` +
    'For codes alone, or with relatedOrigins: true, add https://evil.example to rp.origins. If it is not yours, another site sends requests here.\n' +
    '(Use `node --trace-warnings ...` to show where the warning was created)\n'
}

async function visitors(t: ExecutionContext, client: HttpClient): Promise<void> {
  t.deepEqual((await client.get('/session')).body, { state: 'none', passkeys: true })
  t.is((await client.get('/factors')).status, 401)
  t.is((await client.post('/verify', { answer: 'totp:123456' })).status, 401)
  t.is((await client.password('ann', 'wrong')).status, 401)
  t.is((await client.get('/nowhere')).status, 404)
  const foreign = { origin: 'https://evil.example' }
  t.is((await client.call('POST', '/challenge', {}, foreign)).body.type, 'urn:countersign:problem:wrong-origin')
  t.is((await client.call('POST', '/verify', { answer: 'x'.repeat(70_000) })).status, 413)
  // A problem, or what the parser of the server says of it; never a page.
  const malformed = await client.host('POST', '/countersign/verify', '{"answer":')
  t.is(malformed.status, 400)
  t.regex(malformed.headers.get('content-type') ?? '', /json/)

  // A form of another site must not sign a browser in, as somebody else or at all.
  const right = { name: 'ann', password: password.ann }
  const others: Record<string, string>[] = [{ 'content-type': 'text/plain' }, foreign, { 'sec-fetch-site': 'cross-site' }]
  for (const path of ['/password', '/sign-out']) {
    for (const headers of others) {
      const reply = await client.host('POST', path, right, headers)
      const expected = 'content-type' in headers ? [403, 415] : [403]
      t.true(expected.includes(reply.status), `${path} ${JSON.stringify(headers)}: ${reply.status}`)
      t.deepEqual(reply.headers.getSetCookie(), [])
    }
  }
  const broken = await client.host('POST', '/password', '{"name":')
  t.true([400, 401].includes(broken.status), String(broken.status))
}

/** From the password alone to keys, through a step-up, a recovery and a reset. */
async function ann(t: ExecutionContext, client: HttpClient, another: () => HttpClient): Promise<void> {
  const { origin } = client
  await client.password('ann', password.ann)
  t.deepEqual((await client.get('/session')).body, { state: 'pending', passkeys: true, yubico: false, mayEnrol: false })
  const before = new Map(client.cookies)
  t.deepEqual((await client.post('/challenge')).body, { challenge: null })
  t.like((await client.get('/session')).body, { state: 'verified', fresh: true, mayEnrol: true, admin: false })
  await renewed(t, client, another(), before)
  t.is((await client.get('/admin/users')).status, 403)

  // Each code that is accepted must be of a later step, and one step each way is tolerated: none may end meanwhile.
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 15_000) await pause(left)
  const now = Date.now()
  const { body: begun } = await client.post('/factors/totp')
  const phone = { enrolment: begun.enrolment, description: 'phone' }
  t.like((await client.post('/factors/totp/finish', { ...phone, code: wrongCode(begun.uri, now) })).body, {
    ok: false,
    reason: 'rejected',
  })
  const code = totpAt(begun.uri, now - step)
  t.true((await client.post('/factors/totp/finish', { ...phone, code })).body.ok)
  const key = new TestAuthenticator()
  t.true((await enrolKey(client, key)).body.ok)
  const { codes } = (await client.post('/recovery-codes')).body
  t.is(codes.length, 10)
  t.is((await client.post('/verify', { answer: 'x'.repeat(70_000) })).status, 413)
  t.is((await client.post('/verify', {})).status, 400)

  await client.signOut()
  t.is((await client.get('/factors')).status, 401)
  await client.password('ann', password.ann)
  const pending = new Map(client.cookies)
  t.is((await client.get('/factors')).body.type, 'urn:countersign:problem:second-factor-required')
  t.is((await client.post('/factors/totp')).status, 401)
  const { challenge } = (await client.post('/challenge')).body
  t.like(challenge, { totp: true, recovery: { left: 10 } })
  const answer = { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }
  t.like((await client.post('/verify', { answer })).body, { ok: true, factor: { type: 'webauthn' } })
  await renewed(t, client, another(), pending)
  t.like(await client.post('/verify', { answer }), { status: 403, body: { ok: false, reason: 'rejected' } })

  t.like((await client.post('/challenge')).body.challenge, { totp: true })
  const stepUp = { type: 'totp', code: totpAt(begun.uri, now) }
  t.true((await client.post('/verify', { answer: stepUp })).body.ok)
  const { factors } = (await client.get('/factors')).body
  const [totp, webauthn] = ['totp', 'webauthn'].map((type) => factors.find((factor: Factor) => factor.type === type))
  const renamed = await client.call('PATCH', `/factors/${totp.id}`, { description: 'Ännis phone' })
  t.like(renamed.body, { ok: true, factor: { description: 'Ännis phone' } })
  t.true((await client.call('PATCH', `/factors/${webauthn.id}`, { enable: false })).body.ok)
  t.is((await client.call('PATCH', `/factors/${totp.id}`, { enable: false })).status, 409)
  t.is((await client.call('DELETE', '/factors/none')).status, 404)
  t.is((await client.get('/status')).body.recoveryCodesLeft, 10)

  const verified = new Map(client.cookies)
  const reset = await client.post('/reset', { totp: totpAt(begun.uri, now + step), recovery: codes[0] })
  t.like(reset.body, { ok: true, removed: [{ type: 'webauthn' }], recoveryCodesLeft: 9 })

  await signOutLate(t, client, another(), verified)
  await client.password('ann', password.ann)
  const recovery = { type: 'recovery', code: codes[1] }
  const recovered = (await client.post('/verify', { answer: recovery, removeLost: true })).body
  t.like(recovered, { ok: true, factor: { type: 'recovery' }, removed: [{ type: 'totp' }] })
  t.like((await client.get('/factors')).body.factors, [{ type: 'recovery', left: 8 }])
  const passkey = new TestAuthenticator({ userVerified: true })
  t.true((await enrolKey(client, passkey, 'passkey')).body.ok)

  await client.signOut()
  const { webauthn: anyone } = (await client.post('/passkey/challenge')).body
  const byItself = { type: 'webauthn', response: passkey.get(anyone, { origin }) }
  t.like((await client.post('/passkey/verify', { answer: byItself })).body, { ok: true, userVerified: true })
  t.like((await client.get('/session')).body, { state: 'verified', fresh: true })
  const { id } = (await client.get('/factors')).body.factors.find(({ type }: { type: string }) => type === 'webauthn')
  t.like((await client.call('DELETE', `/factors/${id}`)).body, { left: [], signals: { allAcceptedCredentialIds: [] } })
}

/** Two browsers of one person: a first factor ends what knew the password alone, and wrong codes a sign-in. */
async function bob(t: ExecutionContext, client: HttpClient, another: () => HttpClient): Promise<void> {
  const elsewhere = another()
  for (const one of [elsewhere, client]) {
    await one.password('bob', password.bob)
    await one.post('/challenge')
    t.like((await one.get('/session')).body, { state: 'verified', fresh: true })
  }
  const { enrolment, uri } = (await client.post('/factors/totp')).body
  const code = totpAt(uri, Date.now())
  await client.post('/factors/totp/finish', { enrolment, code, description: 'phone' })
  t.deepEqual((await elsewhere.get('/session')).body, { state: 'none', passkeys: true })
  await client.signOut()
  await client.password('bob', password.bob)
  const answer = { type: 'totp', code: wrongCode(uri, Date.now()) }
  for (let tries = 0; tries < 8; tries++) t.is((await client.post('/verify', { answer })).body.reason, 'rejected')
  t.like(await client.post('/verify', { answer }), { status: 403, body: { reason: 'locked' } })
  t.deepEqual((await client.get('/session')).body, { state: 'none', passkeys: true })
}

/** An administrator must have a factor: it is enrolled before the sign-in is done, and then unlocks another user. */
async function root(t: ExecutionContext, client: HttpClient, another: () => HttpClient): Promise<void> {
  await client.password('root', password.root)
  t.deepEqual((await client.post('/challenge')).body, { challenge: null })
  t.deepEqual((await client.get('/session')).body, { state: 'pending', passkeys: true, yubico: false, mayEnrol: true })
  t.is((await client.get('/admin/users')).status, 401)
  const before = new Map(client.cookies)
  t.true((await enrolKey(client, new TestAuthenticator())).body.ok)
  await renewed(t, client, another(), before)
  t.like((await client.get('/session')).body, { state: 'verified', fresh: true, admin: true })

  const first = (await client.get('/admin/users?limit=1')).body
  t.is(first.users.length, 1)
  const rest = (await client.get(`/admin/users?after=${first.next}`)).body
  // Ann has removed her last factor, and her record says so.
  t.deepEqual([...first.users, ...rest.users].sort(), ['1c2e', '7d0f', '9a41'])
  t.is(rest.next, null)
  t.like((await client.get('/admin/users/7d0f')).body, { factors: [], status: { removed: { by: '7d0f' } } })
  t.like((await client.get('/admin/users/1c2e')).body, { user: '1c2e', status: { locked: ['totp'] } })
  t.deepEqual((await client.post('/admin/users/1c2e/unlock')).body, { unlocked: true })
  t.deepEqual((await client.post('/admin/users/1c2e/unlock')).body, { unlocked: false })
}

/** A passkey, if it is to be called so; else a security key. */
export async function enrolKey(client: HttpClient, key: TestAuthenticator, description = 'key') {
  const creation = await client.post('/factors/webauthn', description === 'passkey' ? { use: 'passkey' } : {})
  const response = key.create(creation.body, { origin: client.origin })
  return client.post('/factors/webauthn/finish', { response, description })
}

/** The session has a new id, and the one before is worth nothing. */
async function renewed(
  t: ExecutionContext, client: HttpClient, old: HttpClient, before: Map<string, string>,
): Promise<void> {
  t.notDeepEqual(client.cookies, before)
  for (const [name, value] of before) old.cookies.set(name, value)
  t.deepEqual((await old.get('/session')).body, { state: 'none', passkeys: true })
}

/** A sign-out that was sent with the id of before, and comes in once a step-up has replaced it, ends the sign-in. */
async function signOutLate(
  t: ExecutionContext, client: HttpClient, old: HttpClient, before: Map<string, string>,
): Promise<void> {
  await renewed(t, client, old, before)
  t.is((await client.get('/factors')).status, 200)
  t.is((await old.get('/factors')).status, 401)
  t.is((await old.signOut()).status, 204)
  t.deepEqual((await client.get('/session')).body, { state: 'none', passkeys: true })
}
