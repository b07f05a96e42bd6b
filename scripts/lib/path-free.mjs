import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { root } from './paths.mjs'

/**
 * Compiler flags that keep this machine's folders out of a binary (panic messages and assertions name source files).
 *
 * @param {{ targetDir?: string, more?: [string, string][] }} options where cargo builds; other folders, the longer later
 * @returns {{ rust: string[], c: string[] }}
 */
export function pathFree({ targetDir = process.env.CARGO_TARGET_DIR ?? join(root, 'target'), more = [] } = {}) {
  const cargoHome = resolve(process.env.CARGO_HOME ?? join(homedir(), '.cargo'))
  const registry = join(cargoHome, 'registry', 'src')
  // The last match wins, so the longer come later. A registry's folder is named after its host.
  const folders = [
    [homedir(), '/home'],
    [cargoHome, '/cargo'],
    ...readdirSync(registry).map((name) => [join(registry, name), '/cargo/src']),
    [root, '/countersign'],
    [resolve(targetDir), '/target'],
    ...more,
  ]
  return {
    rust: folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
    c: folders.filter(([from]) => !/\s/.test(from)).map(([from, to]) => `-ffile-prefix-map=${from}=${to}`),
  }
}
