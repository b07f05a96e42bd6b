import { readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { targets } from '../../targets.mjs'
import { say } from '../output.mjs'
import { root } from '../paths.mjs'
import { addonFile, platformName } from '../platform.mjs'
import { describe } from './describe.mjs'
import { faults } from './faults.mjs'

/** Looks at a target's binary without running it. One check for each file: it is fit to be published, or not. */
export async function checkBinary(target, path, { excused = [] } = {}) {
  const bytes = readFileSync(path)
  const all = faults(target, await describe(path), { bytes, folders: ownFolders() })
  const found = all.filter((fault) => !excused.some((pattern) => pattern.test(fault)))
  for (const fault of found) say(`${target.name} ${fault}`)
  if (found.length === 0) say(`${target.name}: ${(bytes.length / 1e6).toFixed(2)} MB`)
  return { passed: found.length === 0 ? 1 : 0, failed: found.length }
}

/**
 * The addon that was built for this machine alone: it may need this machine's C library, as new as that is, and GCC's for
 * unwinding; all the rest is asked of it as of a published one.
 */
export async function checkOwnBinary() {
  const target = targets.find(({ name }) => name === platformName())
  if (process.platform !== 'linux' || process.arch !== 'x64' || !target) return { skipped: 'what reads binaries is pinned for Linux on x64' }
  const own = [/^needs (GLIBC_2\.\d+|GCC_\d[\d.]*|libgcc_s\.so\.1)$/]
  return checkBinary(target, join(root, addonFile()), { excused: own })
}

/** With what follows a folder in a path, so that `/root` does not find every word that ends so. */
const ownFolders = () => [root, homedir(), tmpdir(), process.env.CARGO_HOME, process.env.RUSTUP_HOME, process.env.CARGO_TARGET_DIR]
  .filter(Boolean).map((folder) => `${resolve(folder)}${sep}`)
