// The example of Next.js: its route handlers as they stand, and built and served by Next.js itself.
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { ExampleServer } from './example-server.js'
import { everyFlow } from './flow.js'
import { HttpClient } from './http-client.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const example = join(root, 'examples', 'next')
const packages = join(example, 'node_modules')

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
  if (!(await install())) {
    t.log('SKIPPED: Next.js could not be installed; `npm ci` in examples/next brings it')
    return t.pass()
  }
  await next('build')
  const args = [join(packages, 'next', 'dist', 'bin', 'next'), 'start', '--hostname', 'localhost']
  const server = await ExampleServer.run('next', args, example, /Ready/i)
  t.teardown(() => server.stop())
  await everyFlow(t, server.origin)
  t.is(server.complaints, '')
})

/** Next.js as its lockfile has it, and this package as an installation would have it; false: there is no network. */
async function install(): Promise<boolean> {
  const stamp = join(packages, '.lock')
  const lock = readFileSync(join(example, 'package-lock.json'), 'utf8')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    const npm = process.env['npm_execpath']?.endsWith('npm-cli.js') ? [process.execPath, process.env['npm_execpath']] : ['npm']
    const args = [...npm.slice(1), 'ci', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries', '1']
    try {
      await promisify(execFile)(npm[0]!, args, { cwd: example, timeout: 120_000 })
    } catch (error) {
      if (process.env['CI']) throw error
      return false
    }
    writeFileSync(stamp, lock)
  }
  const own = join(packages, 'countersign')
  rmSync(own, { recursive: true, force: true })
  const addons = readdirSync(root).filter((name) => name.endsWith('.node'))
  for (const name of ['package.json', 'dist', 'native.js', 'binding.js', ...addons]) {
    cpSync(join(root, name), join(own, name), { recursive: true })
  }
  return true
}

async function next(command: string): Promise<void> {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }
  const args = [join(packages, 'next', 'dist', 'bin', 'next'), command]
  await promisify(execFile)(process.execPath, args, { cwd: example, env, timeout: 180_000 })
}
