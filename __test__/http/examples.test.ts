// The handler mounted in servers that people have: each example is run as it stands.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { TestAuthenticator } from '../../facade/testing/index.js'
import { ExampleServer } from './example-server.js'
import { enrolKey, everyFlow, warningOfFlow } from './flow.js'
import { guards, strangeBodies } from './host-routes.js'
import { HttpClient } from './http-client.js'

for (const file of ['express.mjs', 'fastify.mjs', 'hono.mjs', 'node-http.mjs']) {
  test(`${file}`, async (t) => {
    const server = await ExampleServer.start(file)
    t.teardown(() => server.stop())
    await everyFlow(t, server.origin)
    const pages = await new HttpClient(server.origin).host('GET', '/.well-known/passkey-endpoints')
    t.deepEqual([pages.status, pages.body], [200, { manage: `${server.origin}/account` }])
    t.is((await new HttpClient(server.origin).host('GET', '/.well-known/webauthn')).status, 404, 'no other domains')
    // A server without a framework has no guards.
    if (file !== 'node-http.mjs') await guards(t, server)
    // Last: a server may close the connection on which it has refused a large body.
    await strangeBodies(t, server.origin)
    t.is(server.complaintsOfOneMinute, warningOfFlow(server.origin))
  })
}

for (const [version, installed] of [['5', 'express'], ['4', 'express4']] as const) {
  test(`the server of docs/http.md does what it says, in Express ${version}`, async (t) => {
    const [, snippet = ''] = /```js\n([^]*?)```/.exec(readFileSync('docs/http.md', 'utf8')) ?? []
    const folder = join('build', `http-md-${process.pid}-${installed}`)
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    t.teardown(() => rmSync(folder, { recursive: true }))
    symlinkSync(join(process.cwd(), 'node_modules', installed), join(folder, 'node_modules', 'express'), 'junction')
    cpSync(join('examples', 'accounts.mjs'), join(folder, 'database.mjs'))
    writeFileSync(join(folder, 'accounts.mjs'), failingFor('broken'))
    // The page expects this code before its own, as in README.md.
    const before = `
      import express from 'express'
      import session from 'express-session'
      import { Countersign } from 'countersign'
      import { memoryStore } from 'countersign/stores'
      const rp = { id: 'localhost', name: 'Example', origins: ['http://localhost:' + process.env.PORT] }
      const countersign = await Countersign.open({ rp, store: memoryStore() })
      const app = express()
      app.use(session({ secret: 'only here', resave: false, saveUninitialized: false }))`
    const after = `app.listen(process.env.PORT, 'localhost', () => console.log('ready'))`
    writeFileSync(join(folder, 'server.mjs'), [before, snippet, after].join('\n'))
    const server = await ExampleServer.run('docs/http.md', [join(folder, 'server.mjs')])
    t.teardown(() => server.stop())

    const client = new HttpClient(server.origin)
    t.is((await client.password('broken', 'x')).status, 500)
    t.is((await client.password('ann', 'wrong')).status, 401)
    t.is((await client.password('ann', 'correct horse battery')).status, 204)
    t.deepEqual((await client.get('/session')).body, { state: 'pending', passkeys: true, yubico: false, mayEnrol: false })
    t.deepEqual((await client.post('/challenge')).body, { challenge: null })
    t.true((await enrolKey(client, new TestAuthenticator())).body.ok)
    t.is((await client.host('POST', '/sign-out', {}, { origin: 'https://evil.example' })).status, 403)
    t.is((await client.signOut()).status, 204)
    t.deepEqual((await client.get('/session')).body, { state: 'none', passkeys: true })
    t.is(server.complaintsOfOneMinute, warningOfFlow(server.origin))
  })
}

/** The accounts of the examples, where the database can't be reached for one name. */
const failingFor = (name: string) => `
  import { checkPassword as check } from './database.mjs'
  export * from './database.mjs'
  export const checkPassword = async (name, password) => {
    if (name === '${name}') throw new Error('no connection')
    return check(name, password)
  }`
