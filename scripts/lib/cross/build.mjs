import { copyFileSync, existsSync, mkdirSync, renameSync, statfsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { rustTarget } from '../../targets.mjs'
import { say } from '../output.mjs'
import { pathFree } from '../path-free.mjs'
import { root } from '../paths.mjs'
import { mustRun, run } from '../run.mjs'
import { lessInlining, withoutUnused } from '../size.mjs'
import { clearStamp, fingerprint, isFresh, writeStamp } from '../stamp.mjs'
import { ToolMissing } from '../tools.mjs'
import { darwin } from './darwin.mjs'
import { binaryOf, cross } from './place.mjs'
import { rustEnv, toolchain } from './rust.mjs'
import { windows } from './windows.mjs'
import { zigbuild, zigEnv, zigLib } from './zig.mjs'

const ROOM = 3

/**
 * Builds a target's binary, unless it is there and fresh.
 *
 * @param {{ targetDir?: string, binary?: string }} options where cargo builds, and where the binary goes, for a second one
 */
export async function buildTarget(target, { targetDir = join(cross, 'target'), binary = binaryOf(target) } = {}) {
  const stamp = `${binary}.stamp`
  const built = inputs(target)
  if (isFresh(stamp, state(built, binary))) return say(`${relative(root, binary)} is fresh`)
  clearStamp(stamp)
  needRoom()
  const { rust = [], c = [], env = {} } = await ownWay(target)
  const free = pathFree({ targetDir, more: [[cross, '/cross'], [toolchain(), '/rust'], [zigLib, '/zig']] })
  const triple = rustTarget(target)
  const flags = [...free.rust, ...lessInlining, ...(target.libc === 'musl' ? ['-Ctarget-feature=-crt-static'] : []), ...rust]
  const { code } = await run(zigbuild, ['zigbuild', '--release', '--locked', '-p', 'countersign-binding', '--target', target.built], {
    env: {
      ...rustEnv(), ...zigEnv, ...env,
      CARGO_TARGET_DIR: targetDir,
      CARGO_INCREMENTAL: '0',
      CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f'),
      // Its own archives and hashes are to be the same tomorrow.
      SOURCE_DATE_EPOCH: '0',
      [`CFLAGS_${triple.replaceAll('-', '_')}`]: [...free.c, ...withoutUnused(target), ...c].join(' '),
    },
  })
  if (code !== 0) throw new ToolMissing(`${target.name} was not built: the reason is above; run this again when it is gone, and it continues`)
  mkdirSync(dirname(binary), { recursive: true })
  copyFileSync(join(targetDir, triple, 'release', LIBRARY[target.os]), `${binary}.new`)
  // All of it or nothing.
  renameSync(`${binary}.new`, binary)
  writeStamp(stamp, state(built, binary))
}

/** The sources, which `cargo fetch` has to bring before anything can name their folders. */
export const fetchSources = () => mustRun(join(toolchain(), 'bin', 'cargo'), ['fetch', '--locked'], { env: rustEnv() })

/** Whether a target's binary is what the sources make. */
const isBuilt = (target) => isFresh(`${binaryOf(target)}.stamp`, state(inputs(target), binaryOf(target)))

/** @throws where one of them is missing, with what to do */
export function needBuilt(targets) {
  const missing = targets.filter((target) => !isBuilt(target)).map(({ name }) => name)
  if (missing.length > 0) throw new ToolMissing(`not built, or older than the sources: run \`npm run build:all -- ${missing.join(' ')}\``)
}

const LIBRARY = { linux: 'libcountersign_binding.so', darwin: 'libcountersign_binding.dylib', win32: 'countersign_binding.dll' }

const ownWay = (target) => ({ linux: () => ({}), darwin, win32: windows })[target.os](target)

function inputs(target) {
  const sources = ['Cargo.toml', 'Cargo.lock', 'crate/core', 'crate/files', 'crate/binding', 'scripts/lib/cross', 'scripts/lib/path-free.mjs', 'scripts/lib/size.mjs']
  return fingerprint(sources, target)
}

const state = (built, binary) => `${built} ${fingerprint([relative(root, binary)])}`

/** Before minutes of work, not after. */
function needRoom() {
  const folder = [cross, root].find(existsSync)
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize < ROOM * 2 ** 30) throw new ToolMissing(`building takes ${ROOM} GB, and the disk of ${relative(root, folder) || folder} has less left: free some, and run this again`)
}
