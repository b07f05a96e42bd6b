import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { root } from './paths.mjs'

/**
 * Makes of a folder of compiled modules what Node loads fast, for it takes half a millisecond a file: one file for each
 * entry and a few that entries share, so that a class is the same in all of them. The page's modules stay as they are, without their comments,
 * which are a sixth of what a browser would load, and indents; the types keep both.
 */
export async function bundle(folder) {
  // Not before the packages are installed.
  const { rolldown } = await import('rolldown')
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const files = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)].filter(isServers)
  const names = files.map((file) => file.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, ''))
  const build = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, join(folder, `${name}.js`)])),
    // Nothing of other packages is taken in.
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    platform: 'node',
    cwd: folder,
  })
  const { output } = await build.generate({
    chunkFileNames: 'shared/[name].js',
    codeSplitting: { groups: [{ name: 'countersign', test: (id) => isCore(relative(folder, id)) }] },
    // Whoever follows a stack reads these files.
    minifyInternalExports: false,
  })
  await build.close()
  await strip(folder)
  for (const path of readdirSync(folder, { recursive: true })) {
    if (path.endsWith('.js') && isServers(path)) rmSync(join(folder, path))
  }
  for (const { fileName, code } of output) {
    mkdirSync(dirname(join(folder, fileName)), { recursive: true })
    writeFileSync(join(folder, fileName), code)
  }
}

async function strip(folder) {
  const { minifySync } = await import('rolldown/utils')
  const options = { compress: false, mangle: false, codegen: { removeWhitespace: false } }
  for (const path of readdirSync(folder, { recursive: true })) {
    if (!path.endsWith('.js') || isServers(path)) continue
    const { code, errors } = minifySync(path, readFileSync(join(folder, path), 'utf8'), options)
    if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
    // Comments of the style sheet are text to the minifier. Lines stay, and so does what an error says of where it was; indents,
    // which take 2 % of what a browser loads, do not.
    writeFileSync(join(folder, path), code.replaceAll(/^ *\/\*[^\n]*\*\/\n/gm, '').replaceAll(/^\t+/gm, ''))
  }
}

const isServers = (path) => path !== undefined && !path.split(sep).join('/').includes('facade/browser/')

/** What the main entry takes in, and with it what that imports: every other entry shares most of it. */
const isCore = (path) => /^(index|facade[\\/](shared|stateless|service|tfa-config)[\\/][^\\/]+)\.js$/.test(path)
