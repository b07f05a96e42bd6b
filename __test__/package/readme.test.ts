import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import test from 'ava'

import { totpAt } from '../../facade/testing/index.js'
import { wrongCode } from '../helpers/service.js'
import { freePort } from '../helpers/free-port.js'
import { runtimeOf } from '../helpers/sqlite-runtimes.js'

const readme = readFileSync('README.md', 'utf8')
const [server = '', page = '', enrolment = ''] = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code = '']) => code)

/** Both majors that people have: what a handler returns goes nowhere in 4, and a body that was not read is `{}`. */
const versions = { 'Express 5': 'express', 'Express 4': 'express4' }

const exec = promisify(execFile)

/** A Node that opens the file of the example without another package. */
async function nodeWithSqlite(): Promise<string> {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath
  return (await runtimeOf('node:sqlite on Node 24')).program
}

for (const [version, name] of Object.entries(versions)) test(`readme › the server on ${version} is short, and does what it says`, async (t) => {
  t.true(server.trimEnd().split('\n').length < 40)
  t.timeout(300_000)
  const node = await nodeWithSqlite()
  const port = await freePort()
  const folder = makeServer(port, name)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const child = spawn(node, ['server.js'], {
    cwd: folder,
    env: { ...process.env, SESSION_SECRET: 'only here' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill())
  await once(child.stdout, 'data')

  const client = new Client(`http://localhost:${port}`)
  const answer = { type: 'totp', code: '123456' }
  t.is((await client.post('/password', { name: 'ann', password: 'wrong' })).status, 401)
  t.is((await client.post('/second-factor', { answer })).status, 401, 'nothing without the password')
  t.deepEqual(await client.post('/password', { name: 'ann', password: 'right' }), { status: 200, body: { challenge: null } })

  const uri = await enrol(node, folder, port)
  const { body } = await client.post('/password', { name: 'ann', password: 'right' })
  t.like(body, { challenge: { totp: true } })
  const pending = client.cookie
  t.deepEqual(await client.post('/second-factor', { answer: { ...answer, code: '12' } }), {
    status: 403,
    body: { ok: false, reason: 'malformed' },
  })
  const right = { type: 'totp', code: totpAt(uri, Date.now()) }
  t.like(await client.post('/second-factor', { answer: right }), { status: 200, body: { ok: true } })
  t.not(client.cookie, pending, 'a new session')
  t.is((await client.post('/second-factor', { answer: right })).status, 401, 'which is pending no more')

  await client.post('/password', { name: 'ann', password: 'right' })
  const wrong = { type: 'totp', code: wrongCode(uri, Date.now()) }
  for (let tries = 0; tries < 8; tries++) await client.post('/second-factor', { answer: wrong })
  t.like(await client.post('/second-factor', { answer: right }), { status: 403, body: { reason: 'locked' } })
  t.is((await client.post('/second-factor', { answer: right })).status, 401, 'a lock ends the sign-in')

  const bob = new Client(`http://localhost:${port}`)
  t.is((await bob.post('/app', {})).status, 403)
  t.deepEqual((await bob.post('/password', { name: 'bob', password: 'right' })).body, { challenge: null })
  const app = (await bob.post('/app', {})).body as { enrolment: string; uri: string; qr: string; secret: string }
  t.regex(app.qr, /^<svg /)
  const finish = (code: string) => bob.post('/app/finish', { enrolment: app.enrolment, code })
  t.deepEqual(await finish(wrongCode(app.uri, Date.now())), { status: 403, body: { ok: false, reason: 'rejected' } })
  t.like(await finish(totpAt(app.uri, Date.now())), { status: 200, body: { ok: true, factor: { type: 'totp' } } })
  t.like((await bob.post('/password', { name: 'bob', password: 'right' })).body, { challenge: { totp: true } })
  t.is((await bob.post('/app', {})).status, 403, 'a pending session may not enrol')

  const lost = await client.post('/password', { name: 'lost', password: 'right' })
  t.is(lost.status, 500, 'an enrolled account without a record gets an error')
  for (const path of ['/password', '/second-factor']) {
    const { status } = await fetch(`http://localhost:${port}${path}`, { method: 'POST' })
    t.is(status, 401, 'no body is a wrong password, and no answer')
  }
  t.is(child.exitCode, null, 'and the server goes on')
})

test('readme › the page tells a wrong password from a wrong answer and from a server that fails', async (t) => {
  const again = 'That did not work. Please try again.'
  const challenge = { webauthn: { challenge: 'AAAA' } }
  for (const [name, first, second, code, expected] of [
    ['a wrong password', { status: 401 }, undefined, '', 'Wrong name or password.'],
    ['a server that fails', { status: 500 }, undefined, '', again],
    ['no server', undefined, undefined, '', again],
    ['no factor', { status: 200, body: { challenge: null } }, undefined, '', ''],
    ['a key', { status: 200, body: { challenge } }, { status: 200 }, '', ''],
    ['a code', { status: 200, body: { challenge } }, { status: 200 }, '123456', ''],
    ['a wrong code', { status: 200, body: { challenge } }, { status: 403 }, '123456', again],
    ['a sign-in that ended', { status: 200, body: { challenge } }, { status: 401 }, '123456', 'Please sign in again.'],
    ['a key that was not touched', { status: 200, body: { challenge: {} } }, { status: 200 }, '', again],
  ] as const) {
    const sent: unknown[] = []
    const replies = [first, second]
    const fetched = async (path: string, { body }: { body: string }) => {
      sent.push([path, JSON.parse(body)])
      const reply = replies.shift()
      if (reply === undefined) throw new TypeError('Failed to fetch')
      return new Response(JSON.stringify('body' in reply ? reply.body : {}), { status: reply.status })
    }
    let submit: ((event: object) => Promise<void>) | undefined
    const form = { addEventListener: (_type: string, listener: typeof submit) => { submit = listener } }
    const message = { textContent: 'none yet' }
    const places: string[] = []
    const authenticate = async (options: unknown) => {
      if (options === undefined) throw new Error('cancelled')
      return { id: 'AAAA' }
    }
    const given = { authenticate, form, message, fetch: fetched, location: { assign: (to: string) => places.push(to) }, FormData: class { *[Symbol.iterator]() { yield* [['name', 'ann'], ['password', 'x'], ['code', code]] } } }
    // oxlint-disable-next-line no-new-func -- the reader's own page has what is given here
    new Function(...Object.keys(given), page.replace(/^import .*$/m, ''))(...Object.values(given))
    await submit!({ preventDefault: () => undefined })
    t.is(message.textContent, expected, name)
    t.deepEqual(places, expected === '' ? ['/'] : [], name)
    if (second && expected !== again) {
      t.deepEqual(sent[1], ['/second-factor', { answer: code ? { type: 'totp', code } : { type: 'webauthn', response: { id: 'AAAA' } } }], name)
    }
  }
})

/** The example with a free port, beside the module that the reader has. */
function makeServer(port: number, name: string): string {
  const folder = join('build', `readme-${port}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'server.js'), `${server}\n${enrolment}`.replaceAll('3000', String(port)))
  const accounts = `const enrolled = new Set(['lost'])
    export const accountById = async (id) => ({ id, name: id, enrolled: enrolled.has(id) })
    export const checkPassword = async (name, password) => password === 'right' ? accountById(name) : undefined
    export const setEnrolled = async (id, is) => void (is ? enrolled.add(id) : enrolled.delete(id))`
  writeFileSync(join(folder, 'accounts.js'), accounts)
  const packages = join(folder, 'node_modules', 'express')
  mkdirSync(packages, { recursive: true })
  writeFileSync(join(packages, 'package.json'), '{ "type": "module", "exports": "./index.js" }')
  writeFileSync(join(packages, 'index.js'), `export { default } from '../../../../node_modules/${name}/index.js'`)
  return folder
}

/** Enrols an app by a clock that goes a step late, so that the present code is still unused. */
async function enrol(node: string, folder: string, port: number): Promise<string> {
  writeFileSync(join(folder, 'enrol.js'), `import { Countersign } from 'countersign'
    import { sqliteStore } from 'countersign/stores/sqlite'
    import { totpAt } from 'countersign/testing'
    const rp = { id: 'localhost', name: 'Example', origins: ['http://localhost:${port}'] }
    const now = Date.now() - 3 * 30_000
    const countersign = await Countersign.open({ rp, store: sqliteStore('var/countersign.db'), now: () => now })
    const { enrolment, uri } = await countersign.beginTotp('ann', { account: 'ann' })
    const enrolled = await countersign.finishTotp('ann', { enrolment, code: totpAt(uri, now), description: 'phone' })
    if (!enrolled.ok) throw new Error(enrolled.reason)
    console.log(uri)`)
  return (await exec(node, ['enrol.js'], { cwd: folder })).stdout.trim()
}

class Client {
  cookie = ''
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    const headers = { 'content-type': 'application/json', cookie: this.cookie }
    const response = await fetch(this.#url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    this.cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? this.cookie
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined }
  }
}
