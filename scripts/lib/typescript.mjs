import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from './bundle.mjs'
import { say } from './output.mjs'
import { root, scratch } from './paths.mjs'
import { local, mustRun } from './run.mjs'
import { clearStamp, fingerprint, isFresh, writeStamp } from './stamp.mjs'

const stamp = join(scratch, 'typescript.stamp')
const sources = [
  'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.test.json', 'binding.d.ts',
  'index.ts', 'facade', 'cli', '__test__', 'demo', 'bench', 'docs/recipes',
  'scripts/lib/typescript.mjs', 'scripts/lib/bundle.mjs',
]

/** `dist` (what is published) and `build` (tests and demo, with their data files beside them as in the sources). */
export async function compileTypeScript() {
  // Of before: what changes while this compiles is compiled the next time.
  const compiled = fingerprint(sources)
  if (isFresh(stamp, state(compiled))) return
  say('compiling TypeScript')
  clearStamp(stamp)
  await compile('tsconfig.json', 'dist', { finish: bundle })
  // The tests and the demo may import the package by its own name, that is from `dist`.
  await compile('tsconfig.test.json', 'build', { withData: ['__test__', 'demo'] })
  writeStamp(stamp, state(compiled))
}

/** Into a new folder that then takes the place of the old one: nothing of a deleted source stays, and a failure changes nothing. */
async function compile(project, folder, { withData = [], finish = () => {} }) {
  const staged = join(scratch, `${folder}.new`)
  rmSync(staged, { recursive: true, force: true })
  const [command, ...args] = local('typescript/bin/tsc')
  await mustRun(command, [...args, '-p', project, '--outDir', staged])
  for (const name of withData.filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, name), join(staged, name), { recursive: true, filter: (path) => !path.endsWith('.ts') })
  }
  await finish(staged)
  rmSync(join(root, folder), { recursive: true, force: true })
  renameSync(staged, join(root, folder))
}

const state = (compiled) => `${compiled} ${existsSync(join(root, 'dist'))} ${existsSync(join(root, 'build'))}`
