import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { root } from './paths.mjs'

/**
 * Makes of a folder of compiled modules what Node loads fast, for it takes half a millisecond a file: one file for each
 * entry and a few that entries share, so that a class is the same in all of them. The page's modules stay as they are.
 */
export async function bundle(folder) {
  // Not before the packages are installed.
  const { rolldown } = await import('rolldown')
  const { exports, bin, imports, dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const files = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)].filter(isServers)
  const names = files.map((file) => file.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, ''))
  const bundle = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, join(folder, `${name}.js`)])),
    cwd: folder,
    external: Object.keys({ ...imports, ...dependencies, ...peerDependencies }),
    platform: 'node',
  })
  const { output } = await bundle.generate({
    chunkFileNames: 'shared/[name].js',
    codeSplitting: { groups: [{ name: 'countersign', test: (id) => isCore(relative(folder, id)) }] },
    // The names in a stack are those of the sources.
    minifyInternalExports: false,
  })
  await bundle.close()
  for (const path of readdirSync(folder, { recursive: true })) {
    if (path.endsWith('.js') && isServers(path)) rmSync(join(folder, path))
  }
  for (const { fileName, code } of output) {
    mkdirSync(dirname(join(folder, fileName)), { recursive: true })
    writeFileSync(join(folder, fileName), code)
  }
}

const isServers = (path) => path !== undefined && !path.split(sep).join('/').includes('facade/browser/')

/** What the main entry takes in, and with it what that imports: every other entry shares most of it. */
const isCore = (path) => /^(index|facade.[^\\/]+)\.js$/.test(path)
