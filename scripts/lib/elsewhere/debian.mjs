import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptied } from '../pack.mjs'
import { scratch } from '../paths.mjs'
import { mustRun } from '../run.mjs'
import { isFresh, writeStamp } from '../stamp.mjs'
import { ToolMissing } from '../tools.mjs'

/** The Debian whose emulators and C libraries run our binaries; those of an older one crash. */
const SUITE = 'trixie'

const apt = join(scratch, 'apt')

/**
 * Unpacks Debian packages, as they are signed by Debian, into a folder of their own: nothing is installed, and the machine's
 * lists of packages stay as they are.
 *
 * @returns {Promise<string>} the folder
 */
export async function debianPackages(name, packages) {
  const folder = join(scratch, 'debian', name)
  const stamp = join(folder, '.stamp')
  const state = JSON.stringify({ SUITE, packages })
  if (isFresh(stamp, state)) return folder
  if (!existsSync('/etc/debian_version')) throw new ToolMissing(`${packages.join(', ')}: comes as Debian packages, and this is neither Debian nor Ubuntu`)
  const env = { APT_CONFIG: await ownApt() }
  const files = emptied(join(scratch, 'debian', `${name}.deb`))
  await mustRun('apt-get', ['download', ...packages], { env, cwd: files })
  emptied(folder)
  for (const file of readdirSync(files)) await mustRun('dpkg-deb', ['-x', join(files, file), folder])
  writeStamp(stamp, state)
  return folder
}

/** A configuration with lists and caches of its own, from where this machine gets its packages. */
async function ownApt() {
  const config = join(apt, 'apt.conf')
  if (existsSync(join(apt, 'updated'))) return config
  for (const folder of ['sources.list.d', 'lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, folder), { recursive: true })
  writeFileSync(join(apt, 'status'), '')
  writeFileSync(join(apt, 'sources.list.d', 'own.sources'), sources())
  writeFileSync(config, [
    `Dir::Etc::sourcelist "/dev/null";`, `Dir::Etc::sourceparts "${apt}/sources.list.d";`, `Dir::State::lists "${apt}/lists";`,
    `Dir::State::status "${apt}/status";`, `Dir::Cache "${apt}/cache";`, 'APT::Architectures { "amd64"; "arm64"; };', 'APT::Sandbox::User "root";', 'Acquire::Languages "none";',
  ].join('\n'))
  await mustRun('apt-get', ['update'], { env: { APT_CONFIG: config } })
  writeFileSync(join(apt, 'updated'), '')
  return config
}

function sources() {
  const folder = '/etc/apt/sources.list.d'
  const told = readdirSync(folder).filter((name) => name.endsWith('.sources')).map((name) => readFileSync(join(folder, name), 'utf8')).join('\n\n')
  if (!/^Suites: bookworm/m.test(told)) return told
  return told.split(/\n\s*\n/).find((stanza) => /^Suites: bookworm /m.test(stanza)).replace(/^Suites: .*$/m, `Suites: ${SUITE}`)
}
