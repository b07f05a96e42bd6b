// The package as people get it: packed, installed into an empty folder, loaded on every Node that it is for.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const exec = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
/** One is made of its peer, and so only loads beside it. */
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './react').map((entry) => entry.replace('.', manifest.name))
const entryFiles = Object.values<{ default?: string }>(manifest.exports).flatMap((entry) => entry.default?.replace('./', '') ?? [])

let main: string
let native: string
let whole: string
let alone: string
let nodes: Record<string, string>

test.before(async (t) => {
  t.timeout(600_000)
  await run(process.execPath, ['scripts/pack.mjs'])
  const tarballs = (await readdir(join(root, 'tarballs'))).map((name) => join(root, 'tarballs', name))
  native = tarballs.find((path) => path.includes('binding'))!
  main = tarballs.find((path) => path !== native)!
  nodes = JSON.parse((await run(process.execPath, ['scripts/nodes.mjs'])).trim().split('\n').at(-1)!)
  if (Object.keys(nodes).length === 0) t.log('no other Nodes to be had for this platform: tested on the running one alone')
  nodes[process.versions.node] = process.execPath
  whole = await install(main, native)
  alone = await install(main)
})

test.after.always(async () => {
  for (const folder of [whole, alone].filter(Boolean)) await rm(folder, { recursive: true })
})

test('every entry loads by import and by require, and gives the same, on every Node', async (t) => {
  for (const [version, node] of Object.entries(nodes)) {
    for (const entry of entries) {
      const imported = await names(node, whole, 'import', entry)
      t.deepEqual(await names(node, whole, 'require', entry), imported, `${entry} on ${version}`)
      // One entry has types alone.
      t.is(imported.length > 0, entry !== `${manifest.name}/browser/jsx`, `${entry} on ${version}`)
    }
  }
})

test('the package has these files and no others', async (t) => {
  const sources = ['facade', 'cli'].map(async (folder) => {
    const paths = await readdir(join(root, folder), { recursive: true })
    return paths.filter((path) => path.endsWith('.ts')).map((path) => join(folder, path))
  })
  const compiled = ['index.ts', ...(await Promise.all(sources)).flat()].map((path) => `dist/${path.split(sep).join('/')}`)
  const types = compiled.map((path) => path.replace(/\.ts$/, '.d.ts'))
  const page = compiled.filter((path) => path.startsWith('dist/facade/browser/')).map((path) => path.replace(/\.ts$/, '.js'))
  const shared = (await readdir(join(root, 'dist', 'shared'))).map((name) => `dist/shared/${name}`)
  const code = new Set([...page, ...entryFiles, ...Object.values<string>(manifest.bin), ...shared])
  const others = ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT', 'binding.js', 'native.js', 'package.json']
  const guides = (await readdir(join(root, 'docs'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = guides.map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
  const shipped = paths.filter((path) => !/^docs\/(?:site|pictures)\//.test(path))
  const documents = ['CHANGELOG.md', 'README.md', 'SECURITY.md', ...shipped]
  t.deepEqual(await filesOf(main), [...types, ...code, ...others, ...documents].sort())
})

test('loading it reads few files, and none of the modules of Node that take longest', async (t) => {
  const installed = join(whole, 'node_modules', manifest.name)
  const { files, builtin } = await imported(join(installed, manifest.exports['.'].default))
  t.deepEqual(files.map((path) => relative(installed, path)), [join('dist', 'index.js'), join('dist', 'shared', 'countersign.js')])
  t.deepEqual(builtin, ['node:diagnostics_channel', 'node:util/types'])
  const script = `const before = new Set(process.moduleLoadList)
    import('${manifest.name}').then(() => console.log(JSON.stringify(process.moduleLoadList.filter((name) => !before.has(name)))))`
  const loaded: string[] = JSON.parse(await run(process.execPath, ['--input-type=commonjs', '-e', script], whole))
  t.true(loaded.includes('NativeModule diagnostics_channel'), 'the list tells what was loaded, so this test can fail')
  t.deepEqual(loaded.filter((name) => /^NativeModule (crypto|fs\/promises|http|stream|child_process)$/.test(name)), [])
})

test('what the entries share is there once', async (t) => {
  const calls = {
    verifyTotp: 'totp', fromSpeakeasy: 'migration', directoryStore: 'stores', postgresStore: 'stores/postgres',
    redisStore: 'stores/redis', sqliteStore: 'stores/sqlite', mysqlStore: 'stores/mysql', betterAuthStore: 'stores/better-auth', createHandler: 'http',
    createSessions: 'http/session', expressSessions: 'http/express-session', fastifySessions: 'http/fastify-session',
    countersign: 'better-auth',
  }
  const imports = Object.entries(calls).map(([name, entry]) => `import { ${name} } from '${manifest.name}/${entry}'`)
  const script = `${imports.join('\n')}
    import { CountersignError } from '${manifest.name}'
    for (const call of [${Object.keys(calls).join()}]) {
      try { call() } catch (error) { console.log(call.name, error instanceof CountersignError) }
    }`
  const told = await run(process.execPath, ['--input-type=module', '-e', script], whole)
  t.deepEqual(told.trim().split('\n'), Object.keys(calls).map((name) => `${name} true`))
})

test('no peer is installed here, and the package has no other dependencies', async (t) => {
  const there = await readdir(join(whole, 'node_modules'))
  t.deepEqual(Object.keys(manifest.peerDependencies).filter((name) => there.includes(name.split('/')[0]!)), [])
  t.deepEqual(Object.keys(manifest.peerDependenciesMeta), Object.keys(manifest.peerDependencies), 'all are optional')
})

test('what says which package is missing also says a version that fits', async (t) => {
  const code = await Promise.all(['facade', 'cli'].map(async (folder) => {
    const paths = (await readdir(join(root, folder), { recursive: true })).filter((path) => path.endsWith('.ts'))
    return Promise.all(paths.map((path) => readFile(join(root, folder, path), 'utf8')))
  }))
  const told = code.flat().flatMap((text) => [...text.matchAll(/(?<=['" ])((?:@[\w-]+\/)?[\w-]+)@(\d+)(?=['" ])/g)].map(([, name, major]) => [name!, Number(major)] as const))
  const names = new Set(told.map(([name]) => name))
  for (const name of ['react', 'better-auth', '@nestjs/common', '@nestjs/core', 'better-sqlite3', 'pg', 'ioredis']) t.true(names.has(name), name)
  for (const [name, major] of told) {
    const range: string | undefined = manifest.peerDependencies[name]
    // It comes with React.
    if (name === 'react-dom') continue
    t.true(range !== undefined && Number(/^>=(\d+)/.exec(range)?.[1]) <= major, `${name}@${major}`)
  }
})

test('where nothing can open a database, the error names what can, and no file is left', async (t) => {
  const old = Object.entries(nodes).find(([version]) => Number.parseInt(version, 10) === 20)?.[1]
  if (old === undefined) return t.pass('no Node 20 to be had for this platform')
  const script = `import { existsSync } from 'node:fs'
    import { sqliteStore } from '${manifest.name}/stores/sqlite'
    try { sqliteStore('folder/users.db', { create: true }) } catch (error) { console.log(error.code, existsSync('folder'), error.message) }`
  const told = await run(old, ['--input-type=module', '-e', script], whole)
  t.regex(told, /^not-supported false .*better-sqlite3: npm install better-sqlite3@12/)
})

test('the plugin for better-auth names what is missing where better-auth is not installed', async (t) => {
  const script = `import { countersign } from '${manifest.name}/better-auth'
    const rp = { id: 'localhost', name: 'Example', origins: ['http://localhost'] }
    try { countersign({ rp, page: '/two-step' }) } catch ({ code, message }) { console.log(code, message) }`
  t.regex(await run(process.execPath, ['--input-type=module', '-e', script], whole), /^not-supported .*npm install better-auth@1/)
})

test('the module for NestJS names what is missing where NestJS is not installed', async (t) => {
  const script = `import { SecondFactor } from '${manifest.name}/http/nestjs'
    try { SecondFactor() } catch ({ code, message }) { console.log(code, message) }`
  t.regex(await run(process.execPath, ['--input-type=module', '-e', script], whole), /^not-supported .*@nestjs\/common and @nestjs\/core 11 or newer: npm install/)
})

test('the components for React load where React is, and the error names it and its version where it is not', async (t) => {
  for (const node of Object.values(nodes)) {
    for (const way of ['import', 'require'] as const) {
      const { message } = JSON.parse(await load(node, whole, way, `${manifest.name}/react`))
      t.is(message, 'countersign/react needs React 18 or newer: npm install react@19 react-dom@19', way)
    }
  }
  const folder = await mkdtemp(join(tmpdir(), 'countersign-react-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await installInto(folder, main, `react@${manifest.devDependencies.react}`)
  const imported = await names(process.execPath, folder, 'import', `${manifest.name}/react`)
  t.deepEqual(imported, ['Settings', 'SignIn', 'useSecondFactor', 'useSettings'])
  t.deepEqual(await names(process.execPath, folder, 'require', `${manifest.name}/react`), imported)
})

test('the list of what the addon gives is its own', async (t) => {
  const script = `const { createRequire } = require('node:module')
    const addon = Object.keys(createRequire(process.argv[1])('${JSON.parse(await fileOf(native, 'package.json')).name}')).sort()
    import(process.argv[1]).then((listed) => console.log(JSON.stringify({ addon, listed: Object.keys(listed).sort() })))`
  const path = join(whole, 'node_modules', manifest.name, 'native.js')
  const { addon, listed } = JSON.parse(await run(process.execPath, ['--input-type=commonjs', '-e', script, path], whole))
  t.deepEqual(listed, addon)
  t.true(addon.length > 0)
})

test('the command line is there, and speaks to a store', async (t) => {
  const countersign = join(whole, 'node_modules', '.bin', 'countersign')
  for (const [version, node] of Object.entries(nodes)) {
    t.is((await run(node, [countersign, '--version'])).trim(), manifest.version, version)
    t.is(await run(node, [countersign, 'users', '--create', '--store', `directory:${join(whole, 'store')}`]), '', version)
  }
})

test('the package of this platform has its addon, and the licences of all that is linked into it', async (t) => {
  const files = await filesOf(native)
  t.is(files.filter((path) => /^countersign\.[\w-]+\.node$/.test(path)).length, 1)
  const others = files.filter((path) => !path.endsWith('.node'))
  t.deepEqual(others, ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT', 'LICENSE-THIRD-PARTY', 'README.md', 'package.json'])
  const notices = await fileOf(native, 'LICENSE-THIRD-PARTY')
  for (const crate of ['aws-lc-sys', 'napi', 'totp-rs', 'webauthn-rs-core']) {
    t.regex(notices, new RegExp(`^${crate} [\\d.]+: .+, https://`, 'm'))
  }
  // These only run while the addon is built.
  for (const crate of ['napi-build', 'napi-derive', 'cc']) t.notRegex(notices, new RegExp(`^${crate} \\d`, 'm'))
})

test('every platform has a package of our version', async (t) => {
  const platforms = await readdir(join(root, 'npm'))
  t.is(platforms.length, manifest.napi.targets.length)
  for (const platform of platforms) {
    const { name, version } = JSON.parse(await readFile(join(root, 'npm', platform, 'package.json'), 'utf8'))
    t.deepEqual({ name, version }, { name: `${manifest.napi.packageName}-${platform}`, version: manifest.version })
  }
})

test('nothing is installed beside the package but the argument parser of its command', async (t) => {
  t.deepEqual(Object.keys(manifest.dependencies), ['commander'])
  t.is(manifest.optionalDependencies, undefined)
  const installed = (await readdir(join(whole, 'node_modules'))).filter((name) => !name.startsWith('.'))
  t.deepEqual(installed.sort(), ['@countersign', 'commander', 'countersign'])
})

test('no published type names the native addon', async (t) => {
  const installed = join(whole, 'node_modules', manifest.name)
  const types = (await readdir(installed, { recursive: true })).filter((path) => path.endsWith('.d.ts'))
  t.true(types.length > 0)
  for (const path of types) t.notRegex(await readFile(join(installed, path), 'utf8'), /#binding|\bn-?api/i, path)
})

test('the types compile in a program that has them checked, with no DOM unless for the browser', async (t) => {
  const typeRoots = JSON.stringify([join(root, 'node_modules', '@types')])
  const program = (list: string[]) => list.map((entry, at) => `import * as e${at} from '${entry}'\nvoid e${at}\n`).join('')
  const server = entries.filter((entry) => !/\/browser\b/.test(entry) && !entry.endsWith('.json'))
  const cases = [
    { file: 'esm.mts', text: program(server), lib: '["ES2023"]' },
    { file: 'commonjs.cts', text: program(server), lib: '["ES2023"]' },
    { file: 'page.mts', text: program(entries.filter((entry) => /\/browser\b/.test(entry))), lib: '["ES2023", "DOM"]' },
  ]
  // As in a program that has the frameworks: their types are used in ours. Some of them have faults of their own.
  const typed = await mkdtemp(join(tmpdir(), 'countersign-types-'))
  t.teardown(() => rm(typed, { recursive: true }))
  await cp(join(whole, 'node_modules', manifest.name), join(typed, 'node_modules', manifest.name), { recursive: true })
  for (const name of ['better-auth', 'fastify', 'hono']) await symlink(join(root, 'node_modules', name), join(typed, 'node_modules', name))
  const ours = (line: string) => /^(?:node_modules\/countersign\/|esm|commonjs|page)/.test(line)
  for (const { file, text, lib } of cases) {
    await writeFile(join(typed, file), text)
    await writeFile(join(typed, `${file}.json`), `{ "compilerOptions": { "target": "ES2022", "module": "NodeNext", "strict": true,
      "noEmit": true, "lib": ${lib}, "types": ["node"], "typeRoots": ${typeRoots}}, "files": ["${file}"] }`)
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const failed = await exec(process.execPath, [tsc, '-p', `${file}.json`], { cwd: typed }).catch((error: unknown) => error)
    t.deepEqual((failed as { stdout: string }).stdout.split('\n').filter(ours), [], file)
  }
})

test('a missing native package is our own error, which names what to install', async (t) => {
  const addon = JSON.parse(await fileOf(native, 'package.json')).name
  for (const [version, node] of Object.entries(nodes)) {
    for (const how of ['import', 'require'] as const) {
      const { name, code, message } = JSON.parse(await load(node, alone, how, manifest.name))
      t.deepEqual({ name, code }, { name: 'CountersignError', code: 'binding-not-found' }, version)
      t.true(message.includes(addon) && message.includes(`${process.platform} ${process.arch}`), message)
    }
  }
})

test('the addon may be a file that the host names', async (t) => {
  const { name, main: file } = JSON.parse(await fileOf(native, 'package.json'))
  const env = { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: join(whole, 'node_modules', name, file) }
  const script = `import('${manifest.name}/totp').then(({ generateSecret }) => console.log(typeof generateSecret()))`
  for (const [version, node] of Object.entries(nodes)) {
    t.deepEqual(await exec(node, ['--input-type=commonjs', '-e', script], { cwd: alone, env }), { stdout: 'string\n', stderr: '' }, version)
  }
})

test('the page needs no native package', async (t) => {
  t.true((await names(process.execPath, alone, 'import', `${manifest.name}/browser`)).length > 0)
})

test('docs/runtimes.md: tests of Jest use the package by require', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-jest-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await installInto(folder, main, native, 'jest@30.5.2')
  await writeFiles(folder, await blocksOf('docs/runtimes.md', 'jest.'))
  await writeFile(join(folder, 'sign-in.test.js'), `const { Countersign, CountersignError } = require('${manifest.name}')
    const { memoryStore } = require('${manifest.name}/stores')
    const { totpAt } = require('${manifest.name}/testing')
    test('a code is enrolled, and signs in once', async () => {
      const rp = { id: 'localhost', name: 'Example', origins: ['http://localhost:3000'] }
      let now = Date.now()
      const countersign = await Countersign.open({ rp, store: memoryStore(), now: () => now })
      const { enrolment, uri } = await countersign.beginTotp('ann', { account: 'ann' })
      const enrolled = await countersign.finishTotp('ann', { enrolment, code: totpAt(uri, now), description: 'phone' })
      expect(enrolled).toMatchObject({ ok: true })
      now += 30_000
      const answer = { type: 'totp', code: totpAt(uri, now) }
      expect(await countersign.verify('ann', answer)).toMatchObject({ ok: true })
      expect(await countersign.verify('ann', answer)).toMatchObject({ ok: false })
      await expect(countersign.challenge(5)).rejects.toThrow(CountersignError)
    })`)
  const jest = join(folder, 'node_modules', 'jest', 'bin', 'jest.js')
  const { stderr } = await exec(process.execPath, [jest, '--ci'], { cwd: folder })
  t.regex(stderr, /^Tests: +1 passed, 1 total$/m)
  // Without the recipe it is Jest that refuses: whether the recipe is still needed is seen here.
  await writeFile(join(folder, 'jest.config.js'), 'module.exports = {}')
  if (Number(process.versions.node.split('.')[0]) < 24) await t.throwsAsync(exec(process.execPath, [jest, '--ci'], { cwd: folder }))
})

test('docs/runtimes.md: webpack bundles a server beside the package, and a page with it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-webpack-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await installInto(folder, main, native, 'webpack@5.113.0', 'webpack-cli@7.3.1')
  await writeFiles(folder, await blocksOf('docs/runtimes.md', 'webpack.'))
  await writeFile(join(folder, 'server.js'), `import { generateSecret } from '${manifest.name}/totp'
    console.log(typeof generateSecret())`)
  await writeFile(join(folder, 'page.js'), `import { supported } from '${manifest.name}/browser'
    import '${manifest.name}/browser/ui'
    console.log(typeof supported)`)
  await writeFile(join(folder, 'webpack.page.js'), `module.exports = { mode: 'production', entry: './page.js', output: { filename: 'page.js' } }`)
  const webpack = join(folder, 'node_modules', 'webpack', 'bin', 'webpack.js')
  await run(process.execPath, [webpack], folder)
  t.is(await run(process.execPath, ['dist/main.js'], folder), 'string\n')
  await run(process.execPath, [webpack, '-c', 'webpack.page.js'], folder)
  t.regex(await readFile(join(folder, 'dist', 'page.js'), 'utf8'), /countersign-sign-in/)
})

test('the addon names no folder of the machine that built it', async (t) => {
  const [name] = (await readdir(join(whole, 'node_modules', '@countersign'))).map((folder) => join(whole, 'node_modules', '@countersign', folder))
  const file = (await readdir(name!)).find((path) => path.endsWith('.node'))!
  const binary = await readFile(join(name!, file))
  t.true(binary.includes('/cargo/src'), 'the addon holds panic locations, so this test can fail')
  for (const folder of [homedir() + sep, root, '.cargo', 'registry/src']) t.false(binary.includes(folder), folder)
})

/** An empty folder with these tarballs installed; the registry is asked for the argument parser alone. */
async function install(...tarballs: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-package-'))
  await installInto(folder, ...tarballs)
  return folder
}

async function installInto(folder: string, ...packages: string[]): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const npm = process.env['npm_execpath']?.endsWith('npm-cli.js') ? [process.execPath, process.env['npm_execpath']] : ['npm']
  await run(npm[0]!, [...npm.slice(1), 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], folder)
}

/** The code blocks of a page that begin with the name of a file which begins so, by that name. */
async function blocksOf(page: string, prefix: string): Promise<Record<string, string>> {
  const blocks = (await readFile(join(root, page), 'utf8')).matchAll(/^```js\n\/\/ (\S+)\n([^]*?)^```/gm)
  const named = [...blocks].map(([, name = '', code = '']): [string, string] => [name, code])
  return Object.fromEntries(named.filter(([name]) => name.startsWith(prefix)))
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

async function names(node: string, folder: string, how: 'import' | 'require', entry: string): Promise<string[]> {
  const { names: found, message } = JSON.parse(await load(node, folder, how, entry))
  if (!found) throw new Error(`${entry} by ${how}: ${message}`)
  return found
}

/** In a process of its own: JSON with the names that an entry exports, or the error that it threw. */
async function load(node: string, folder: string, how: 'import' | 'require', entry: string): Promise<string> {
  const attributes = entry.endsWith('.json') ? `, { with: { type: 'json' } }` : ''
  const expression = how === 'import' ? `import('${entry}'${attributes})` : `Promise.resolve().then(() => require('${entry}'))`
  const tell = `(found) => Object.keys(found.default ?? found).filter((name) => !name.startsWith('__')).sort()`
  const script = `${expression}.then(${tell}).then((names) => ({ names }), ({ name, code, message }) => ({ name, code, message }))
    .then((result) => console.log(JSON.stringify(result)))`
  return run(node, ['--input-type=commonjs', '-e', script], folder)
}

/** The files that a module has Node read before it runs, itself included, and the modules of Node among them. */
async function imported(path: string, files = [path]): Promise<{ files: string[]; builtin: string[] }> {
  const builtin: string[] = []
  for (const [, name] of (await readFile(path, 'utf8')).matchAll(/^(?:import|export)\b[^;]*?["']([^"']+)["'];$/gm)) {
    const file = join(path, '..', name!)
    if (name!.startsWith('node:')) builtin.push(name!)
    if (!name!.startsWith('.') || files.includes(file)) continue
    files.push(file)
    builtin.push(...(await imported(file, files)).builtin)
  }
  return { files, builtin: builtin.sort() }
}

const filesOf = async (tarball: string): Promise<string[]> =>
  (await run('tar', ['-tzf', tarball])).trim().split('\n').map((path) => path.replace('package/', '')).sort()

const fileOf = (tarball: string, path: string): Promise<string> => run('tar', ['-xzOf', tarball, `package/${path}`])

async function run(program: string, args: string[], cwd = root): Promise<string> {
  const { stdout } = await exec(program, args, { cwd, maxBuffer: 2 ** 26 })
  return stdout
}
