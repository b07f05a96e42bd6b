// The parts of a release that are tried without building one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { script } from '../helpers/script.js'

const { chosen } = await script('cross/chosen.mjs')
const { checkSums } = await script('release/publish.mjs')
const { startRegistry } = await script('release/registry.mjs')
const { pathFree } = await script('path-free.mjs')
const { withoutUnused } = await script('size.mjs')
const root = fileURLToPath(new URL('../../../', import.meta.url))

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
