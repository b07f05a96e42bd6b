import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../paths.mjs'
import { pythonPackages } from '../python.mjs'
import { cross } from './place.mjs'

const folder = join(cross, 'py')
const requirements = 'scripts/lib/cross/requirements.txt'

/** zig and what hands it to cargo, from their Python packages. */
export const installZig = () => pythonPackages(requirements, folder)

export const zigVersion = /^ziglang==(\S+)/m.exec(readFileSync(join(root, requirements), 'utf8'))[1]
export const zig = join(folder, 'ziglang', 'zig')
export const zigLib = join(folder, 'ziglang', 'lib')
export const zigbuild = join(folder, 'bin', 'cargo-zigbuild')

export const zigEnv = {
  CARGO_ZIGBUILD_ZIG_PATH: zig,
  CARGO_ZIGBUILD_CACHE_DIR: join(cross, 'zigbuild'),
  ZIG_GLOBAL_CACHE_DIR: join(cross, 'zig-cache'),
  ZIG_LOCAL_CACHE_DIR: join(cross, 'zig-cache'),
}
