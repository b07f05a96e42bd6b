import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { say } from './output.mjs'
import { scratch } from './paths.mjs'
import { mustRun, npm } from './run.mjs'

/**
 * Fetches a package from the npm registry into a folder of its own, beside those of the lockfile. Nothing runs while it is
 * installed but `build`, if given. Of several processes at once each may fetch it; one of them keeps what it has.
 *
 * @param {string} spec such as `bun@1.4.5`
 * @param {string} place the folder's path in `.setup`
 * @param {{ build?: (modules: string) => Promise<unknown>, foreign?: boolean }} [options] `build` gets the new
 *   `node_modules`; `foreign`: the package is for another processor or system than this one
 * @returns {Promise<string>} its `node_modules`
 */
export async function npmPackage(spec, place, { build = async () => {}, foreign = false } = {}) {
  const folder = join(scratch, place)
  const modules = join(folder, 'node_modules')
  if (existsSync(modules)) return modules
  say(`fetching the npm package ${spec}`)
  mkdirSync(dirname(folder), { recursive: true })
  const staged = mkdtempSync(`${folder}.new-`)
  try {
    const [command, ...args] = npm()
    const quietly = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', ...(foreign ? ['--force'] : [])]
    await mustRun(command, [...args, 'install', '--prefix', staged, ...quietly, spec])
    await build(join(staged, 'node_modules'))
    // Only whole: a process that sees the folder may use it.
    if (!existsSync(folder)) renameSync(staged, folder)
  } catch (error) {
    if (!existsSync(modules)) throw error
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
  return modules
}
