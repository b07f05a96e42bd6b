// The example of Next.js: its route handlers as they stand, and built and served by Next.js itself.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test from 'ava'
import { skipped } from './examples.js'
import { everyFlow, warningOfFlow } from './flow.js'
import { HttpClient } from './http-client.js'
import { startNext } from './next-server.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const packages = join(root, 'examples', 'next', 'node_modules')

test('the route handlers answer the requests of the standard', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-next-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const kept = (path: string) => !path.startsWith(packages) && !path.includes('.next')
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true, filter: kept })
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'countersign'), 'dir')
  process.env['PORT'] = '3000'
  process.env['VAR_DIR'] = join(folder, 'var')
  const load = (path: string) => import(pathToFileURL(join(folder, 'examples/next/app', path, 'route.js')).href)
  const routes: Record<string, any> = {
    '/password': await load('password'),
    '/sign-out': await load('sign-out'),
    '/countersign': await load('countersign/[...path]'),
  }
  const send = async (request: Request): Promise<Response> => {
    const path = Object.keys(routes).find((prefix) => new URL(request.url).pathname.startsWith(prefix))
    return routes[path!][request.method](request, { params: Promise.resolve({}) })
  }
  await everyFlow(t, 'http://localhost:3000', (origin) => new HttpClient(origin, send))
})

test('built and served by Next.js', async (t) => {
  t.timeout(300_000)
  const server = await startNext()
  if (!server) return skipped(t)
  t.teardown(() => server.stop())
  await everyFlow(t, server.origin)
  t.is(server.complaints, warningOfFlow(server.origin))
})
