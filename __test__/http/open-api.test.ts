// The document says what the routes do; that they do what it says is tested by every answer of every other test.
import { readFile } from 'node:fs/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import test from 'ava'
import { problems, refusalReasons } from '../../facade/http/problem.js'
import { routes } from '../../facade/http/routes.js'
import { schemas } from '../../facade/http/schemas.js'
import { checkConformance, document } from './conformance.js'
import { memoryAudit, memoryStore } from '../../facade/stores/index.js'
import { auditTo } from '../../index.js'
import { HttpHost } from './http-host.js'

test('it is a valid OpenAPI 3.1 document', async (t) => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(document)
  t.true(valid, JSON.stringify(errors))
  t.is(validator.version, '3.1')
})

test('a handler serves it, for where it is mounted', async (t) => {
  const host = await HttpHost.open({ admin: () => null, remember: true, users: () => [] }, memoryStore(), {
    yubico: { secrets: () => undefined }, audit: auditTo(memoryAudit()), policy: () => null,
  })
  const { body } = await host.client.get('/openapi.json')
  t.deepEqual(body, { ...JSON.parse(JSON.stringify(document)), servers: [{ url: '/countersign' }] })
})

test('every route is in it, under a name of its own', (t) => {
  const ids = routes.map(({ method, path, id }) => {
    t.is(document.paths[path][method.toLowerCase()].operationId, id)
    return id
  })
  t.is(new Set(ids).size, routes.length)
  for (const { method, path, params = {} } of routes) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
    t.deepEqual(Object.keys(params), named, `${method} ${path}`)
  }
})

test('every schema is used, and every problem has a place', (t) => {
  const text = JSON.stringify(document)
  for (const name of Object.keys(schemas)) t.true(text.includes(`#/components/schemas/${name}"`), name)
  const paths = JSON.stringify(document.paths)
  for (const name of Object.keys(problems)) {
    if (name === 'method-not-allowed') continue
    t.true(paths.includes(`urn:countersign:problem:${name}"`), name)
  }
  for (const reason of refusalReasons) t.true(Object.hasOwn(problems, reason))
})

test('answers that it does not promise are found', (t) => {
  const json = 'application/json'
  const problem = { type: 'urn:countersign:problem:rejected', title: '', status: 403 }
  t.notThrows(() => checkConformance('GET', '/session', 200, json, { state: 'none', passkeys: true }))
  t.notThrows(() => checkConformance('POST', '/verify', 403, 'application/problem+json', problem))
  t.throws(() => checkConformance('GET', '/session', 200, json, { state: 'signed-in' }))
  t.throws(() => checkConformance('GET', '/session', 200, 'text/html', {}))
  t.throws(() => checkConformance('GET', '/session', 302, json, {}))
  t.throws(() => checkConformance('GET', '/nowhere', 200, json, {}))
  t.throws(() => checkConformance('GET', '/status', 403, 'application/problem+json', problem))
  t.throws(() => checkConformance('POST', '/verify', 403, 'application/problem+json', { ...problem, type: 'other' }))
})

test('the page on it names every route and every problem', async (t) => {
  const page = await readFile(new URL('../../../docs/http.md', import.meta.url), 'utf8')
  for (const { method, path } of routes) t.true(page.includes(`\`${method} ${path}\``), `${method} ${path}`)
  for (const [name, [status]] of Object.entries(problems)) t.true(page.includes(`| \`${name}\` | ${status} |`), name)
})
