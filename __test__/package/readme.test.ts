import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { Countersign } from '../../index.js'
import { directoryStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/index.js'
import { wrongCode } from '../helpers/service.js'
import { freePort } from '../helpers/free-port.js'

const step = 30_000
const readme = readFileSync('README.md', 'utf8')
const [server = ''] = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code = '']) => code)

/** Both majors that people have: what a handler returns goes nowhere in 4, and a body that was not read is `{}`. */
const versions = { 'Express 5': 'express', 'Express 4': 'express4' }

for (const [version, name] of Object.entries(versions)) test(`readme › the server on ${version} is short, and does what it says`, async (t) => {
  t.true(server.trimEnd().split('\n').length < 40)
  const port = await freePort()
  const folder = makeServer(port, name)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const child = spawn(process.execPath, ['server.js'], {
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

  const uri = await enrol(join(folder, 'var/countersign'), port)
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

  const lost = await client.post('/password', { name: 'lost', password: 'right' })
  t.is(lost.status, 500, 'an enrolled account without a record gets an error')
  for (const path of ['/password', '/second-factor']) {
    const { status } = await fetch(`http://localhost:${port}${path}`, { method: 'POST' })
    t.is(status, 401, 'no body is a wrong password, and no answer')
  }
  t.is(child.exitCode, null, 'and the server goes on')
})

/** The example with a free port, beside the module that the reader has. */
function makeServer(port: number, name: string): string {
  const folder = join('build', `readme-${port}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'server.js'), server.replaceAll('3000', String(port)))
  const accounts = `export const checkPassword = async (name, password) =>
    password === 'right' ? { id: name, enrolled: name === 'lost' } : undefined`
  writeFileSync(join(folder, 'accounts.js'), accounts)
  const packages = join(folder, 'node_modules', 'express')
  mkdirSync(packages, { recursive: true })
  writeFileSync(join(packages, 'package.json'), '{ "type": "module", "exports": "./index.js" }')
  writeFileSync(join(packages, 'index.js'), `export { default } from '../../../../node_modules/${name}/index.js'`)
  return folder
}

/** Enrols an app by a clock that goes a step late, so that the present code is still unused. */
async function enrol(path: string, port: number): Promise<string> {
  const countersign = await Countersign.open({
    rp: { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] },
    store: directoryStore(path),
    now: () => Date.now() - 3 * step,
  })
  const { enrolment, uri } = await countersign.beginTotp('ann', { account: 'ann' })
  const code = totpAt(uri, Date.now() - 3 * step)
  const enrolled = await countersign.finishTotp('ann', { enrolment, code, description: 'phone' })
  if (!enrolled.ok) throw new Error(enrolled.reason)
  return uri
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
