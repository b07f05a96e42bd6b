import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spoken, targets } from '../targets.mjs'
import { root } from './paths.mjs'

/** Everything that is written from the table of targets: the text of each file, by its path. */
export function generatedFiles() {
  const main = JSON.parse(read('package.json'))
  const files = {
    'package.json': withTargets(read('package.json')),
    'README.md': withTable(read('README.md')),
    'native.js': withPlatforms(read('native.js')),
  }
  for (const target of targets) {
    files[`npm/${target.name}/package.json`] = json(manifest(target, main))
    files[`npm/${target.name}/README.md`] = readme(target, main)
  }
  return files
}

/** The package of one platform. */
function manifest(target, main) {
  const { version, license, author, homepage, bugs, repository, engines, napi } = main
  const file = `${napi.binaryName}.${target.name}.node`
  return {
    name: `${napi.packageName}-${target.name}`,
    version,
    description: `The native part of ${main.name} for ${spoken(target)}.`,
    license,
    author,
    homepage,
    bugs,
    repository: { ...repository, directory: `npm/${target.name}` },
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc ? { libc: [target.libc] } : {}),
    engines,
    main: file,
    // Names in full: one with a pattern is taken literally by the napi CLI.
    files: [file, 'LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT', 'LICENSE-THIRD-PARTY'],
    // A package with a scope is private unless it says so.
    publishConfig: { access: 'public' },
  }
}

function readme(target, main) {
  const { homepage, napi, name } = main
  return `# ${napi.packageName}-${target.name}

The native part of [${name}](${homepage}) for ${spoken(target)}.
You need not install it yourself: \`npm install ${name}\` does that on this platform.

It is built for the Rust target \`${target.built}\`. It uses Node-API, so one binary serves
Node ${main.engines.node.replace('>=', '')} and every newer version.
`
}

const marks = ['<!-- platforms: written from scripts/targets.mjs -->', '<!-- end of platforms -->']

/** A text with the table of platforms between two marks. */
export function withTable(text) {
  const [begin, end] = marks.map((mark) => text.indexOf(mark))
  if (begin < 0 || end < begin) throw new Error('README.md lacks the marks of the table of platforms')
  const rows = targets.map((target) => `| ${spoken(target)} | \`${target.name}\` |`)
  const table = ['| platform | package `@countersign/binding-...` |', '| --- | --- |', ...rows].join('\n')
  return `${text.slice(0, begin + marks[0].length)}\n${table}\n${text.slice(end)}`
}

/** The loader, which knows for which platforms there is a package. */
function withPlatforms(text) {
  const names = targets.map(({ name }) => `  '${name}',\n`)
  return text.replace(/const platforms = \[[^\]]*\]/, `const platforms = [\n${names.join('')}]`)
}

/** The manifest as it is published: each platform's package in exactly this version, and the one that fits is installed. */
export function withOptionalDependencies(text) {
  const main = JSON.parse(text)
  const packages = targets.map(({ name }) => [`${main.napi.packageName}-${name}`, main.version])
  return json({ ...main, optionalDependencies: Object.fromEntries(packages) })
}

/** The manifest that is written by hand, with what the napi CLI reads of the table. */
function withTargets(text) {
  const lines = targets.map(({ triple }) => `      "${triple}"`)
  return text.replace(/"targets": \[[^\]]*\]/, `"targets": [\n${lines.join(',\n')}\n    ]`)
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`

const read = (path) => readFileSync(join(root, path), 'utf8')
