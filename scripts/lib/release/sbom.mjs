import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rustTarget } from '../../targets.mjs'
import { runtimeOf } from '../cross/runtime.mjs'
import { linkedCrates } from '../notices.mjs'
import { root } from '../paths.mjs'
import { ask, CommandFailed, npm } from '../run.mjs'

/**
 * Everything that an installation brings, in CycloneDX: npm's own list of the packages, and the crates and libraries that
 * are linked into the platforms' binaries, each with the platforms that have it.
 */
export function sbom(targets) {
  const [command, ...args] = npm()
  const told = ask(command, [...args, 'sbom', '--omit=dev', '--package-lock-only', '--sbom-format=cyclonedx'])
  if (!told) throw new CommandFailed('`npm sbom` failed')
  const { serialNumber: _, metadata, ...bom } = JSON.parse(told)
  const { component, tools, lifecycles } = metadata
  const linked = components(targets)
  const itself = component['bom-ref']
  return {
    ...bom,
    // Without the time and the number of this run: what is packed twice from one commit is the same.
    metadata: { lifecycles, tools, component: { ...component, name: JSON.parse(read('package.json')).name } },
    components: [...bom.components, ...linked],
    dependencies: bom.dependencies.map((entry) => (entry.ref === itself ? { ...entry, dependsOn: [...entry.dependsOn, ...linked.map((part) => part['bom-ref'])] } : entry)),
  }
}

function components(targets) {
  const found = new Map()
  for (const target of targets) {
    const parts = [...linkedCrates(rustTarget(target)).map(crate), ...runtimeOf(target).map(library)]
    for (const part of parts) {
      const known = found.get(part['bom-ref']) ?? found.set(part['bom-ref'], { ...part, properties: [] }).get(part['bom-ref'])
      known.properties.push({ name: 'countersign:platform', value: target.name })
    }
  }
  return [...found.values()].toSorted((one, other) => one['bom-ref'].localeCompare(other['bom-ref']))
}

function crate({ name, version, license, repository }) {
  const purl = `pkg:cargo/${name}@${version}`
  return {
    'bom-ref': purl, type: 'library', name, version, purl,
    // Where a slash stands for "or", as it once did.
    licenses: [{ expression: license.replaceAll(/\s*\/\s*/g, ' OR ') }],
    hashes: [{ alg: 'SHA-256', content: checksum(name, version) }],
    ...(repository ? { externalReferences: [{ type: 'vcs', url: repository }] } : {}),
  }
}

const library = ({ name, version, license, repository }) => ({
  'bom-ref': `${name}@${version}`, type: 'library', name, version,
  licenses: [{ license: { name: license } }],
  externalReferences: [{ type: 'website', url: repository }],
})

function checksum(name, version) {
  const entry = read('Cargo.lock').split('[[package]]').find((text) => text.includes(`\nname = "${name}"\nversion = "${version}"\n`))
  return /^checksum = "([0-9a-f]{64})"$/m.exec(entry)[1]
}

const read = (path) => readFileSync(join(root, path), 'utf8')
