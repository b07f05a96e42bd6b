// `npm run docs`: builds the site of docs/site into docs/site/out. Its packages are its own, because TypeDoc needs a TypeScript older
// than the project's, and `npm ci` of the project stays as quick as before. The network is only used to install them.
import { join } from 'node:path'
import { installPackages } from './lib/packages.mjs'
import { installSitePackages } from './lib/site.mjs'
import { root } from './lib/paths.mjs'
import { run } from './lib/run.mjs'

await installPackages()
await installSitePackages()
const { code } = await run(process.execPath, [join(root, 'docs', 'site', 'build.mjs')])
process.exitCode = code
