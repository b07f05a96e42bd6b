// Writes the files of the corpus, or with `--check` says whether they are what this writes.
import { readFileSync, writeFileSync } from 'node:fs'

import { files } from './generator/files.mjs'

const checking = process.argv.includes('--check')
const at = (name) => new URL(name, import.meta.url)

for (const [name, text] of files()) {
  if (!checking) writeFileSync(at(name), text)
  else if (readFileSync(at(name), 'utf8') !== text) {
    process.stderr.write(`${name} is not what the generator writes: node vectors/generate.mjs\n`)
    process.exitCode = 1
  }
}
