import { needBuilt } from '../cross/build.mjs'
import { underLock } from '../lock.mjs'
import { installPackages } from '../packages.mjs'
import { needNode } from '../tools.mjs'
import { compileTypeScript } from '../typescript.mjs'
import { packRelease } from './pack.mjs'

/** Packs these targets and the main package, from binaries that are there; of the host nothing is built but TypeScript. */
export async function packStep(targets) {
  needNode()
  needBuilt(targets)
  await underLock(async () => {
    await installPackages()
    await compileTypeScript()
  })
  const { length } = await packRelease(targets)
  return { passed: length }
}
