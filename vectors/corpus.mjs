// The corpus, read from its files.
import { readdirSync, readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const json = (folder) =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith('.json'))
    .sort()

/** The files that hold cases. */
export const topics = () =>
  json('.')
    .map((name) => read(name))
    .filter(({ cases }) => cases)

export const cases = () => topics().flatMap(({ cases }) => cases)

/** What each library said, this one first: `{ name, version, verdicts }`. */
export const writtenVerdicts = () =>
  ['countersign', 'simplewebauthn', 'fido2-lib', 'webauthn-rs'].map((name) => read(`verdicts/${name}.json`))
