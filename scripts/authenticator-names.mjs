// Writes facade/authenticators/table.ts, the names of authenticator models, from lists that you have downloaded:
//
//   node scripts/authenticator-names.mjs combined_aaguid.json blob.jwt
//
// A list is the community's list of passkey providers (github.com/passkeydeveloper/passkey-authenticator-aaguids), a JSON
// object of AAGUIDs and names, or FIDO's metadata: the BLOB of the Metadata Service, or its payload as JSON. If two lists
// name a model, the first one counts. Only names are taken, because they are facts. Icons are trademarks.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { modelNames, tableFile } from './lib/authenticator-names.mjs'
import { root } from './lib/paths.mjs'

const files = process.argv.slice(2)
if (files.length === 0) throw new Error('usage: node scripts/authenticator-names.mjs FILE...')

const names = modelNames(files.map((file) => ({ file, text: readFileSync(file, 'utf8') })))
writeFileSync(join(root, 'facade/authenticators/table.ts'), tableFile(names))
console.log(`${names.size} models, ${new Set(names.values()).size} names`)
