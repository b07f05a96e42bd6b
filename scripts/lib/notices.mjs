import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ask, CommandFailed } from './run.mjs'
import { rustHost } from './tools.mjs'

/**
 * The licences of everything that is linked into a platform's addon, each text once, as one text.
 *
 * @param {{ triple?: string, runtime?: { name: string, version: string, license: string, repository: string, texts: string[] }[] }} options
 *   the target that Rust builds; what is linked beside the crates
 */
export function thirdPartyNotices({ triple = rustHost(), runtime = [] } = {}) {
  const parts = [...linkedCrates(triple).map((crate) => ({ ...crate, texts: licenceTexts(crate) })), ...runtime]
  const texts = new Map()
  for (const part of parts) {
    for (const text of part.texts) texts.set(text, [...(texts.get(text) ?? []), part.name])
  }
  const list = parts.map(({ name, version, license, repository }) => `${name} ${version}: ${license}, ${repository}`)
  const told = [...texts].map(([text, names]) => `${rule}\n${names.join(', ')}\n${rule}\n\n${text}`)
  return `${heading}\n\n${list.join('\n')}\n\n${told.join('\n\n')}\n`
}

const heading = `The countersign addon links the crates and libraries below, each under the licence beside it; their sources are at the
address. Where one is offered under several licences, the addon uses it under the first of MIT, Apache-2.0 and ISC that is
among them. The texts that came with them follow.`
const rule = '-'.repeat(100)

/** The crates that are linked into a target's addon: ours are left out, and what only runs while building. */
export function linkedCrates(triple) {
  const args = ['metadata', '--format-version=1', '--locked', '--manifest-path=crate/binding/Cargo.toml']
  const told = ask('cargo', [...args, `--filter-platform=${triple}`])
  if (!told) throw new CommandFailed('cargo metadata failed')
  const { packages, resolve } = JSON.parse(told)
  const packageOf = new Map(packages.map((found) => [found.id, found]))
  const nodeOf = new Map(resolve.nodes.map((node) => [node.id, node]))
  const linked = new Set()
  const follow = (id) => {
    if (linked.has(id) || isMacro(packageOf.get(id))) return
    linked.add(id)
    for (const { pkg, dep_kinds: kinds } of nodeOf.get(id).deps) if (kinds.some(({ kind }) => kind === null)) follow(pkg)
  }
  follow(resolve.root)
  const foreign = [...linked].map((id) => packageOf.get(id)).filter(({ source }) => source !== null)
  return foreign.toSorted((one, other) => one.id.localeCompare(other.id))
}

const isMacro = ({ targets }) => targets.some(({ kind }) => kind.includes('proc-macro'))

function licenceTexts({ manifest_path: manifest }) {
  const folder = dirname(manifest)
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
  const named = files.map(({ name }) => name).filter((name) => /^(licen[cs]e|copying|notice|copyright)/i.test(name))
  return named.map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
}
