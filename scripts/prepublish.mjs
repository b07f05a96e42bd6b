// What `npm publish` runs before it packs: the manifest gets the packages of all platforms as optional dependencies. It is
// not committed so, since `npm ci` would ask for packages that are not there yet.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withOptionalDependencies } from './lib/manifests.mjs'
import { root } from './lib/paths.mjs'

const path = join(root, 'package.json')
writeFileSync(path, withOptionalDependencies(readFileSync(path, 'utf8')))
