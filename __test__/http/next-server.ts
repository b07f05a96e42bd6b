// The example of Next.js, installed, built and started; the tests that need it share one build.
import { execFile } from 'node:child_process'
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { script } from '../helpers/script.js'
import { ExampleServer } from './example-server.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const example = join(root, 'examples', 'next')
const packages = join(example, 'node_modules')
const next = join(packages, 'next', 'dist', 'bin', 'next')

/** Undefined: Next.js is not there and there is no network to bring it (with `CI` set that is an error). */
export async function startNext(): Promise<ExampleServer | undefined> {
  const { underLock } = await script('lock.mjs')
  if (!(await underLock(async () => (await install()) && (await build())))) return undefined
  return ExampleServer.run('next', [next, 'start', '--hostname', 'localhost'], example, /Ready/i)
}

/** Next.js as its lockfile has it. */
async function install(): Promise<boolean> {
  const stamp = join(packages, '.lock')
  const lock = readFileSync(join(example, 'package-lock.json'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return true
  const npm = process.env['npm_execpath']?.endsWith('npm-cli.js') ? [process.execPath, process.env['npm_execpath']] : ['npm']
  const args = [...npm.slice(1), 'ci', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries', '1']
  try {
    await promisify(execFile)(npm[0]!, args, { cwd: example, timeout: 120_000 })
  } catch (error) {
    if (process.env['CI']) throw error
    return false
  }
  writeFileSync(stamp, lock)
  return true
}

/** With this package as an installation would have it; not again while nothing of that has changed. */
async function build(): Promise<true> {
  const { clearStamp, fingerprint, isFresh, writeStamp } = await script('stamp.mjs')
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  const addons = readdirSync(root).filter((name) => name.endsWith('.node'))
  const own = ['package.json', ...files.filter((name) => existsSync(join(root, name))), ...addons]
  const shared = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mjs'))
  const sources = [...shared, ...['app', 'lib', 'next.config.mjs', 'package-lock.json'].map((name) => `next/${name}`)]
  const state = fingerprint([...own, ...sources.map((name) => `examples/${name}`)])
  const stamp = join(example, '.next', 'sources')
  if (isFresh(stamp, state)) return true
  clearStamp(stamp)
  const copy = join(packages, 'countersign')
  rmSync(copy, { recursive: true, force: true })
  for (const name of own) cpSync(join(root, name), join(copy, name), { recursive: true })
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }
  await promisify(execFile)(process.execPath, [next, 'build'], { cwd: example, env, timeout: 180_000 })
  writeStamp(stamp, state)
  return true
}
