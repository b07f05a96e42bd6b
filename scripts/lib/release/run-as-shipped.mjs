import { rmSync } from 'node:fs'
import { install } from '../../smoke/install.mjs'
import { runtimesFor } from '../elsewhere/runtimes.mjs'
import { wholeSuite } from '../elsewhere/whole-suite.mjs'
import { run } from '../run.mjs'
import { countClosing } from '../totals.mjs'
import { fetchManagers, managers } from './managers.mjs'
import { release } from './pack.mjs'

/** Deno's permissions, those of docs/runtimes.md and no more; the suite has its stores in the folder of temporary files. */
const DENO = ['run', '--no-prompt', '--node-modules-dir=manual', '--allow-ffi', '--allow-read', '--allow-write', '--allow-env', '--allow-sys=uid']

/** Another C library and another processor; the tests of this machine's own are those of `npm test`. */
const WHOLE = ['linux-x64-musl', 'linux-arm64-gnu']

/**
 * A target's tarballs, installed into an empty folder and run under every runtime that this machine has for it, or brings.
 *
 * @param {{ whole?: boolean }} options `whole`: the library's own tests, too, where a target has them run
 */
export async function runAsShipped(steps, target, { whole = true } = {}) {
  const name = `${target.name} as shipped`
  if (!steps.wants(name)) return
  let runtimes = {}
  const ready = await steps.step(`${target.name} runtimes`, async () => {
    runtimes = await runtimesFor(target)
    if (target.name === 'linux-x64-gnu') {
      await fetchManagers()
      runtimes = { ...runtimes, Bun: managers.bun, Deno: [...managers.deno, ...DENO] }
    }
    if (Object.keys(runtimes).length === 0) return { skipped: 'nothing on this machine runs it: it is looked at, not run' }
  })
  if (!ready) return
  for (const [runtime, command] of Object.entries(runtimes)) {
    await steps.step(`${name}, ${runtime}`, () => smoked(target, command))
  }
  if (whole && WHOLE.includes(target.name)) await steps.step(`${target.name} whole suite`, () => wholeSuite(target))
}

async function smoked(target, [program, ...args]) {
  const folder = install(release, target.name)
  try {
    const { code, output } = await run(program, [...args, 'smoke.mjs'], { cwd: folder, capture: true })
    return countClosing(code, output)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
