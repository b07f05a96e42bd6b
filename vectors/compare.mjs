// Puts every case to this library and to others, writes what they say into `verdicts`, and the tables of the README.
//
//   node vectors/compare.mjs            # needs a built checkout, and Node 24 or newer, in which WebCrypto has ML-DSA; installs the
//                                       # others by the lockfile of bench/rivals
//   node vectors/compare.mjs --table    # only the tables
//
// What webauthn-rs says is written by a test: WRITE_VERDICTS=1 cargo test -p countersign-core --test webauthn_corpus
import { readFileSync, writeFileSync } from 'node:fs'

import { installRivals } from '../bench/lib/rivals.mjs'
import { cases, writtenVerdicts } from './corpus.mjs'
import { withTables } from './tables.mjs'

if (!process.argv.includes('--table')) {
  await installRivals()
  for (const file of ['countersign', 'simplewebauthn', 'fido2-lib']) {
    const adapter = await import(`./adapters/${file}.mjs`)
    const verdicts = {}
    for (const one of cases()) verdicts[one.id] = await verdictOf(adapter, one)
    const { name, version } = adapter
    writeFileSync(
      at(`verdicts/${file}.json`),
      `${JSON.stringify({ name, version, node: process.version, verdicts }, undefined, 2)}\n`,
    )
  }
}
const readme = at('README.md')
writeFileSync(readme, withTables(readFileSync(readme, 'utf8'), cases(), writtenVerdicts()))

/** An error says no, as an answer does. */
async function verdictOf({ lacks, accepts }, one) {
  const lacked = lacks(one)
  if (lacked) return lacked
  try {
    return (await accepts(structuredClone(one))) ? 'accepts' : 'refuses'
  } catch {
    return 'refuses'
  }
}

function at(name) {
  return new URL(name, import.meta.url)
}
