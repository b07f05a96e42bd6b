import { existsSync } from 'node:fs'

import { say } from '../../scripts/lib/output.mjs'
import { ask, run } from '../../scripts/lib/run.mjs'
import { ToolMissing } from '../../scripts/lib/tools.mjs'

/** Returns the version of a tool. If it is missing, it is installed first, on Debian and with the rights to do so. */
export async function debianTool(name) {
  const version = () => ask(name, ['--version'])
  if (version() === undefined && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    say(`no ${name} found: installing the Debian package`)
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    const { code } = await run('apt-get', ['update'], { env })
    if (code === 0) await run('apt-get', ['install', '--yes', '--no-install-recommends', name], { env })
  }
  const found = version()
  if (found === undefined) throw new ToolMissing(`${name} was not found: \`apt-get install ${name}\` brings it`)
  return found
}
