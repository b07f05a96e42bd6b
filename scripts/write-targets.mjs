// `npm run targets`: writes the packages of all platforms, and what else names them, from the table in targets.mjs.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from './lib/manifests.mjs'
import { root } from './lib/paths.mjs'
import { targets } from './targets.mjs'

for (const name of readdirSync(join(root, 'npm'))) {
  if (!targets.some((target) => target.name === name)) rmSync(join(root, 'npm', name), { recursive: true })
}
for (const [path, text] of Object.entries(generatedFiles())) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
