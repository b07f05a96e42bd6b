// The parts of a release that are tried without building one.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { execFile, execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { script } from '../helpers/script.js'

const { chosen } = await script('cross/chosen.mjs')
const { checkSums } = await script('release/publish.mjs')
const { startRegistry } = await script('release/registry.mjs')
const { ownSources } = await script('elsewhere/debian.mjs')
const { pathFree } = await script('path-free.mjs')
const { withoutUnused } = await script('size.mjs')
const root = fileURLToPath(new URL('../../../', import.meta.url))
const version = '7.8.9'
const onPosix = process.platform === 'win32' ? test.skip : test

test('targets are chosen by their whole names', (t) => {
  t.is(chosen([]).length, 8)
  t.deepEqual(chosen(['win32-x64-msvc', 'linux-x64-gnu']).map(({ name }: { name: string }) => name), ['linux-x64-gnu', 'win32-x64-msvc'])
  t.throws(() => chosen(['linux']), { message: /no target linux; there are linux-x64-gnu, / })
  for (const name of ['build-all', 'check-all', 'pack-all']) {
    const error = t.throws(() => execFileSync(process.execPath, [`scripts/${name}.mjs`, 'solaris'], { cwd: root, stdio: 'pipe' }))
    t.regex(String((error as unknown as { stderr: Buffer }).stderr), /there is no target solaris/)
  }
})

test('checksums: a file that was changed after it was packed is found', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sums-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'a.tgz'), 'packed')
  writeFileSync(join(folder, 'SHA256SUMS'), `${createHash('sha256').update('packed').digest('hex')}  a.tgz\n`)
  t.notThrows(() => checkSums(folder))
  writeFileSync(join(folder, 'a.tgz'), 'changed')
  t.throws(() => checkSums(folder), { message: /a\.tgz is not the one of SHA256SUMS/ })
})

test('the registry of a trial gives what was published, under its own address', async (t) => {
  const registry = await startRegistry()
  t.teardown(() => registry.close())
  const put = (version: string) => fetch(`${registry.url}/@countersign%2fx`, {
    method: 'PUT',
    body: JSON.stringify({
      'dist-tags': { latest: version },
      versions: { [version]: { name: '@countersign/x', version, dist: { tarball: 'https://elsewhere.example/x.tgz' } } },
      _attachments: { [`@countersign/x-${version}.tgz`]: { data: Buffer.from(`bytes of ${version}`).toString('base64') } },
    }),
  })
  t.is((await fetch(`${registry.url}/@countersign%2fx`)).status, 404)
  for (const version of ['1.0.0', '1.0.1']) t.is((await put(version)).status, 201)
  const found = await (await fetch(`${registry.url}/@countersign%2fx`)).json() as { 'dist-tags': object, versions: Record<string, { dist: { tarball: string } }> }
  t.deepEqual(found['dist-tags'], { latest: '1.0.1' })
  t.deepEqual(Object.keys(found.versions), ['1.0.0', '1.0.1'])
  t.is(await (await fetch(found.versions['1.0.0']!.dist.tarball)).text(), 'bytes of 1.0.0')
  const other = await fetch(`${registry.url}/commander`, { redirect: 'manual' })
  t.is(other.status, 302)
  t.regex(other.headers.get('location')!, /\/commander$/)
})

test('compilers are told of every folder of this machine, the longer later', (t) => {
  const { rust, c } = pathFree({ targetDir: '/elsewhere/target', more: [['/elsewhere/tools', '/tools']] })
  t.deepEqual(rust.slice(-2), ['--remap-path-prefix=/elsewhere/target=/target', '--remap-path-prefix=/elsewhere/tools=/tools'])
  t.true(rust.some((flag: string) => flag.endsWith('=/countersign')))
  t.true(c.includes('-ffile-prefix-map=/elsewhere/tools=/tools'))
  t.deepEqual([['linux', 'x64'], ['darwin', 'arm64'], ['win32', 'x64']].map(([os, cpu]) => withoutUnused({ os, cpu }).length), [4, 3, 2])
})

onPosix('a release is announced from a checkout where nothing was installed or built, as that of the workflow', async (t) => {
  const folder = checkout(t)
  writeFileSync(join(folder, 'CHANGELOG.md'), `# Changelog\n\n## ${version} (2026-12-24)\n- What is new.\n\n## 7.8.8 (2026-12-01)\n- Old.\n`)
  tarballOf('countersign', folder)
  // What would talk to GitHub.
  const gh = join(folder, 'bin', 'gh')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(gh, `#!/bin/sh\nprintf '%s\\n' "$@" >'${folder}/told'\nwhile [ "$1" != --notes-file ]; do shift; done\ncp "$2" '${folder}/notes'\n`, { mode: 0o755 })
  const announce = (TAG: string) => run('announce', folder, { TAG, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` })
  await t.throwsAsync(announce('v7.8.8'), { message: /TAG has to be v7\.8\.9/ })
  await announce(`v${version}`)
  const told = readFileSync(join(folder, 'told'), 'utf8').trim().split('\n')
  t.deepEqual(told.slice(0, 4), ['release', 'create', `v${version}`, '--verify-tag'])
  t.deepEqual(told.slice(6).sort(), ['SHA256SUMS', `countersign-${version}.tgz`].map((name) => join(folder, 'release', name)).sort())
  t.is(readFileSync(join(folder, 'notes'), 'utf8'), '- What is new.\n')
})

onPosix('a release is published once, by whoever has a token, and only whole unless it is a trial', async (t) => {
  const folder = checkout(t)
  const registry = await startRegistry()
  t.teardown(() => registry.close())
  for (const name of ['countersign', '@countersign/binding-x']) tarballOf(name, folder)
  writeFileSync(join(folder, '.npmrc'), `registry=${registry.url}/\n${registry.url.replace('http:', '')}/:_authToken=none\n`)
  const env = { npm_config_userconfig: join(folder, '.npmrc'), npm_config_registry: registry.url, npm_config_cache: join(folder, 'cache') }
  await t.throwsAsync(run('publish', folder, env, '--no-provenance'), { message: /does not have the tarballs of all platforms/ })
  t.deepEqual(registry.names(), [])
  // Nobody signs here where it comes from: npm says so, and sends nothing.
  await t.throwsAsync(run('publish', folder, { ...env, CI: '', GITHUB_ACTIONS: '' }, '--partial'), { message: /provenance/ })
  t.deepEqual(registry.names(), [])
  await run('publish', folder, env, '--no-provenance', '--partial')
  t.deepEqual(registry.names(), ['@countersign/binding-x', 'countersign'])
  const again = await run('publish', folder, env, '--no-provenance', '--partial')
  t.is(again.stdout.match(/is published already/g)?.length, 2, again.stdout)
})

test('the source of a machine\'s own release is found in every form that apt reads, and no other one is taken', (t) => {
  const stanza = (suites: string, more = '') => `Types: deb\nURIs: http://deb.example/debian\nSuites: ${suites}\nComponents: main\n${more}`
  const own = 'Types: deb\nURIs: http://deb.example/debian\nSuites: trixie\nComponents: main\n'
  const signed = 'Signed-By: /usr/share/keyrings/a.gpg\n'
  for (const [files, expected] of [
    [[stanza('bookworm')], own],
    [[stanza('bookworm bookworm-updates', signed)], own + signed],
    [[`${stanza('bookworm-security')}\n${stanza('bookworm', signed)}`], own + signed],
    [[stanza('bookworm').replace('Types: deb', 'Types: deb-src'), stanza('bookworm')], own],
    [[stanza('bookworm').replace('Types: deb', 'Types: deb deb-src')], own.replace('Types: deb', 'Types: deb deb-src')],
    [['# by hand\ndeb http://security.example/ bookworm-security main\ndeb http://deb.example/debian bookworm main contrib\n'], own.replace('main', 'main contrib')],
    [['deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://deb.example/debian bookworm main\n'], own + signed],
  ] as const) t.is(ownSources(files, 'bookworm', 'trixie'), expected, files.join('\n'))
  t.is(ownSources([stanza('noble noble-updates noble-backports')], 'noble'), own.replace('trixie', 'noble'))
  for (const files of [[], [stanza('sid')], ['deb-src http://deb.example/debian bookworm main\n']]) {
    t.throws(() => ownSources(files, 'bookworm', 'trixie'), { message: /no source of bookworm/ })
  }
})

/** A folder with the scripts and nothing that is installed, of a version of its own. */
function checkout(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-release-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')), version }))
  mkdirSync(join(folder, 'release'))
  return folder
}

/** A package of this name in the folder's release, and its checksum. */
function tarballOf(name: string, folder: string): void {
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
  const source = mkdtempSync(join(folder, 'source-'))
  mkdirSync(join(source, 'package'))
  writeFileSync(join(source, 'package', 'package.json'), JSON.stringify({ name, version }))
  const path = join(folder, 'release', file)
  execFileSync('tar', ['-czf', path, '-C', source, 'package'])
  writeFileSync(join(folder, 'release', 'SHA256SUMS'), `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${file}\n`, { flag: 'a' })
}

/** Runs a script of that folder. The message of an error is what it printed. */
async function run(name: string, folder: string, env: NodeJS.ProcessEnv, ...words: string[]): Promise<{ stdout: string }> {
  const { npm_execpath: _, ...inherited } = process.env
  try {
    return await promisify(execFile)(process.execPath, [`scripts/${name}.mjs`, ...words], { cwd: folder, env: { ...inherited, ...env } })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string, stderr: string }
    throw new Error(stdout + stderr, { cause: error })
  }
}
