import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { say } from '../output.mjs'
import { ask, CommandFailed, mustRun, npm, run } from '../run.mjs'
import { release, tarballs } from './pack.mjs'

/**
 * Publishes the packed tarballs, the main package last, so that nobody can install it before its platforms. What is there
 * already is left out: a run that was interrupted goes on.
 *
 * @param {{ provenance: boolean }} options `provenance`: whether npm signs where the packages come from, which it can only do in CI
 */
export async function publishRelease({ provenance }) {
  checkSums()
  const [command, ...args] = npm()
  for (const tarball of tarballs()) {
    const { name, version } = JSON.parse(ask('tar', ['-xzOf', tarball, 'package/package.json']))
    // Not by `ask`, which waits: the registry may be one of this process.
    const { output } = await run(command, [...args, 'view', `${name}@${version}`, 'dist.integrity', '--loglevel=silent'], { capture: true })
    const [there] = /sha512-\S+/.exec(output) ?? []
    if (there && there !== integrity(tarball)) throw new CommandFailed(`${name}@${version} is published already, with another content`)
    if (there) say(`${name}@${version} is published already`)
    else await mustRun(command, [...args, 'publish', tarball, '--ignore-scripts', '--access', 'public', `--provenance=${provenance}`])
  }
}

/** What was packed is what is there, all of it. */
export function checkSums(folder = release) {
  for (const line of readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n')) {
    const [sum, name] = line.split('  ')
    const found = createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')
    if (found !== sum) throw new CommandFailed(`${name} is not the one of SHA256SUMS`)
  }
}

const integrity = (path) => `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`
