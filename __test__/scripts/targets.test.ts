// What is written from the table of targets, and from the build, is what the table and the build say.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { script } from '../helpers/script.js'

const { generatedFiles, withOptionalDependencies, withTable } = await script('manifests.mjs')
const { withExports } = await script('native-exports.mjs')
const { glibcOf, rustTarget, spoken, targets } = await script('../targets.mjs')
const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('manifests, README and package.json are those of the table: `npm run targets` writes them', (t) => {
  for (const [path, text] of Object.entries<string>(generatedFiles())) t.is(read(path), text, path)
  t.deepEqual(readdirSync(join(root, 'npm')).sort(), targets.map(({ name }: { name: string }) => name).sort())
})

test('each platform has one package, which only it can install', (t) => {
  const main = JSON.parse(read('package.json'))
  const wanted = new Set<string>()
  for (const { name, os, cpu, libc } of targets) {
    const manifest = JSON.parse(read(`npm/${name}/package.json`))
    t.deepEqual({ os: manifest.os, cpu: manifest.cpu, libc: manifest.libc }, { os: [os], cpu: [cpu], libc: libc && [libc] })
    wanted.add(JSON.stringify([os, cpu, libc]))
    t.is(manifest.version, main.version)
    t.deepEqual(manifest.engines, main.engines)
    t.is(manifest.publishConfig.access, 'public')
    t.is(manifest.repository.url, main.repository.url)
    // The napi CLI takes them literally.
    for (const file of manifest.files) t.notRegex(file, /[*?]/)
    t.true(manifest.files.includes(manifest.main) && manifest.main === `countersign.${name}.node`)
  }
  t.is(wanted.size, targets.length)
})

test('the loaders ask for each of them by its name', (t) => {
  const binding = read('binding.js')
  for (const { name } of targets) {
    t.true(binding.includes(`./countersign.${name}.node`), name)
    t.true(binding.includes(`@countersign/binding-${name}`), name)
  }
})

test('what a target is called', (t) => {
  const told = Object.fromEntries(targets.map((target: { name: string }) => [target.name, [spoken(target), rustTarget(target), glibcOf(target)]]))
  t.deepEqual(told['linux-x64-gnu'], ['Linux x64, glibc 2.17 or newer', 'x86_64-unknown-linux-gnu', '2.17'])
  t.deepEqual(told['linux-arm64-musl'], ['Linux arm64, musl (Alpine)', 'aarch64-unknown-linux-musl', undefined])
  t.deepEqual(told['darwin-arm64'], ['macOS Apple silicon', 'aarch64-apple-darwin', undefined])
})

test('a README without the marks of the table is an error, not a README without a table', (t) => {
  t.throws(() => withTable('# Countersign\n'), { message: /lacks the marks/ })
})

test('the list of native exports is the one of the generated loader', (t) => {
  t.is(withExports(read('native.js'), read('binding.js')), read('native.js'))
  const binding = 'export { totpCode }\nexport { BindingLock }\nexport const __napiBindingTarget = 1\n'
  t.is(withExports('a\nexport const {\n  gone,\n} = load()\nb', binding), 'a\nexport const {\n  totpCode, BindingLock,\n} = load()\nb')
  t.throws(() => withExports('export const {\n} = load()', ''))
})

test('the published manifest has every platform as an optional dependency in its own version, and is the same otherwise', (t) => {
  const { optionalDependencies, ...rest } = JSON.parse(withOptionalDependencies(read('package.json')))
  const main = JSON.parse(read('package.json'))
  t.deepEqual(rest, main)
  const names = targets.map(({ name }: { name: string }) => `@countersign/binding-${name}`)
  t.deepEqual(optionalDependencies, Object.fromEntries(names.map((name: string) => [name, main.version])))
})
