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

/** Whether this machine is a Debian: Ubuntu's archive has no packages of arm64, and its kernel refuses Wine a root of its own. */
export const isDebian = () => osRelease().ID === 'debian'

/** A configuration with lists and caches of its own, from where this machine gets its packages. */
async function ownApt() {
  const config = join(apt, 'apt.conf')
  if (existsSync(join(apt, 'updated'))) return config
  for (const folder of ['sources.list.d', 'lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, folder), { recursive: true })
  writeFileSync(join(apt, 'status'), '')
  writeFileSync(join(apt, 'sources.list.d', 'own.sources'), ownSources(machinesSources(), osRelease().VERSION_CODENAME, isDebian() ? SUITE : undefined))
  writeFileSync(config, [
    `Dir::Etc::sourcelist "/dev/null";`, `Dir::Etc::sourceparts "${apt}/sources.list.d";`, `Dir::State::lists "${apt}/lists";`,
    `Dir::State::status "${apt}/status";`, `Dir::Cache "${apt}/cache";`, `APT::Architectures { "amd64"; ${isDebian() ? '"arm64"; ' : ''}};`,
    'APT::Sandbox::User "root";', 'Acquire::Languages "none";',
  ].join('\n'))
  await mustRun('apt-get', ['update'], { env: { APT_CONFIG: config } })
  writeFileSync(join(apt, 'updated'), '')
  return config
}

/**
 * The source that a machine has of its own release, in the newer form of such files, and with another suite where one is given.
 *
 * @param {string[]} files what apt's files of sources say, in either form (sources.list(5))
 */
export function ownSources(files, codename, suite = codename) {
  const stanzas = files.flatMap((text) => text.split(/\n[ \t]*\n/)).flatMap((text) => (/^URIs:/m.test(text) ? [text] : ofLines(text)))
  const own = stanzas.find((text) => /^Types:.*\bdeb\b(?!-)/m.test(text) && /^Suites: *(.*)$/m.exec(text)?.[1].split(/ +/).includes(codename))
  if (!own) throw new ToolMissing(`the files of apt name no source of ${codename}, from which other packages could be had`)
  return `${own.replace(/^Suites:.*$/m, `Suites: ${suite}`).trim()}\n`
}

/** The older form: a source is a line. */
const ofLines = (text) => [...text.matchAll(/^deb +(?:\[([^\]]*)\] +)?(\S+) +(\S+) +(.+)$/gm)].map(([, options = '', uri, suite, components]) => {
  const [, key] = /signed-by=(\S+)/.exec(options) ?? []
  return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: ${components}${key ? `\nSigned-By: ${key}` : ''}`
})

function machinesSources() {
  const folder = '/etc/apt/sources.list.d'
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(?:sources|list)$/.test(name)).map((name) => join(folder, name)) : []
  return ['/etc/apt/sources.list', ...names].filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))
}

function osRelease() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return Object.fromEntries([...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, name, value]) => [name, value]))
}
