import { local, run } from './run.mjs'
import { countAva, countOne } from './totals.mjs'

/** The work of a step: one command, and how its output counts. */
export const command = ([program, ...args], count = countOne, env = {}) => async () => {
  const { code, output } = await run(program, args, { capture: true, env })
  return count(code, output)
}

export const rustfmt = command(['cargo', 'fmt', '--all', '--check'])
export const clippy = command(['cargo', 'clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'])
export const types = command([...local('typescript/bin/tsc'), '-p', 'tsconfig.types.json'])
/** What a package manager or a bundler would stumble over in package.json. */
export const publint = command([...local('publint/src/cli.js'), 'run', '.', '--strict'])
/** What TypeScript makes of each entry; it is for ESM, which every supported Node can `require`. */
export const attw = command([...local('@arethetypeswrong/cli/dist/index.js'), '--pack', '.', '--profile', 'esm-only', '--no-emoji'])
export const oxlint = command([...local('oxlint/bin/oxlint'), '--deny-warnings'])
/** @param {string[]} program ava, under the Node that is to run it */
export const ava = (files, env, program = local('ava/entrypoints/cli.mjs')) => command([...program, ...files], countAva, env)
