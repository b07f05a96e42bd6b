import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../paths.mjs'
import { mustRun } from '../run.mjs'
import { countOne } from '../totals.mjs'
import { fetchManagers, managers } from './managers.mjs'
import { release } from './pack.mjs'
import { startRegistry } from './registry.mjs'

/** As people install it: the platform's package comes because the main one names it, and nothing else does. */
const WAYS = {
  npm: async (at) => at.run('npm', 'install', 'countersign'),
  'npm ci': async (at) => {
    await at.run('npm', 'install', '--package-lock-only', 'countersign')
    await at.run('npm', 'ci')
  },
  pnpm: async (at) => at.run('pnpm', 'add', 'countersign'),
  'yarn 1': async (at) => at.run('yarn1', 'add', 'countersign'),
  'yarn 4, node_modules': async (at) => at.run('yarn', 'add', 'countersign'),
  'yarn 4, Plug\'n\'Play': async (at) => at.run('yarn', 'add', 'countersign'),
  bun: async (at) => at.run('bun', 'add', 'countersign'),
}

/** Publishes the release to a registry on loopback, installs it from there in every way, and runs what is installed. */
export async function checkInstallations(steps) {
  const registry = await startRegistry()
  try {
    const published = await steps.step('publish', async () => {
      await fetchManagers()
      await inNewFolder(registry, (env) => mustRun(process.execPath, [join(root, 'scripts', 'publish.mjs'), '--no-provenance', '--partial'], { env }))
      return { passed: registry.names().length }
    })
    // What the runners of a release do, before it is published and after.
    for (const [name, words] of published ? Object.entries({ tarballs: [], registry: ['--published'] }) : []) {
      await steps.step(`tried from the ${name}`, () => inNewFolder(registry, async (env) => {
        await mustRun(process.execPath, [join(release, 'try', 'install.mjs'), ...words], { env })
        return countOne(0)
      }))
    }
    for (const [name, install] of published ? Object.entries(WAYS) : []) {
      await steps.step(`installed by ${name}`, () => installed(registry, name, install))
    }
  } finally {
    await registry.close()
  }
}

function installed(registry, name, install) {
  return inNewFolder(registry, async (env, folder) => {
    const { url } = registry
    const at = { run: (manager, ...args) => mustRun(...command(managers[manager], args), { cwd: folder, env }) }
    const write = (file, text) => writeFileSync(join(folder, file), text)
    write('package.json', '{ "name": "host", "private": true, "type": "module" }\n')
    write('bunfig.toml', `[install]\nregistry = "${url}/"\ncache = false\n`)
    const pnp = name.includes('Play')
    write('.yarnrc.yml', `nodeLinker: ${pnp ? 'pnp' : 'node-modules'}\nnpmRegistryServer: "${url}"\nunsafeHttpWhitelist: ["127.0.0.1"]\n`
      + `enableGlobalCache: false\nenableTelemetry: false\nnpmMinimalAgeGate: 0\n`)
    await install(at)
    copyFileSync(join(root, 'scripts', 'smoke', 'smoke.mjs'), join(folder, 'smoke.mjs'))
    await (pnp ? at.run('yarn', 'node', 'smoke.mjs') : mustRun(process.execPath, ['smoke.mjs'], { cwd: folder }))
    return countOne(0)
  })
}

/** Runs something in a folder that is removed afterwards, with the environment in which package managers use this registry. */
async function inNewFolder({ url }, work) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-install-'))
  try {
    // npm publishes nothing without a token; this registry does not look at it.
    writeFileSync(join(folder, '.npmrc'), `registry=${url}/\n${url.replace('http:', '')}/:_authToken=none\n`)
    return await work(env(url, folder), folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const command = ([program, ...given], args) => [program, [...given, ...args]]

/** A cache of its own: what an earlier release left there under the same version is another file. */
function env(url, folder) {
  const cache = join(folder, '.cache')
  mkdirSync(cache, { recursive: true })
  return {
    npm_config_registry: `${url}/`, npm_config_cache: cache, npm_config_userconfig: join(folder, '.npmrc'), npm_config_store_dir: join(cache, 'pnpm'),
    YARN_CACHE_FOLDER: join(cache, 'yarn'), YARN_GLOBAL_FOLDER: join(cache, 'yarn-global'), YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', BUN_INSTALL_CACHE_DIR: join(cache, 'bun'), CI: '',
  }
}
