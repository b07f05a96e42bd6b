// `npm run pack:local`: the two tarballs that an installation on this platform consists of, into ./tarballs.
import { dirname } from 'node:path'
import { main } from './lib/main.mjs'
import { pack } from './lib/pack.mjs'
import { setUp } from './setup.mjs'

main(async () => {
  await setUp()
  const { main: tarball } = await pack()
  console.log(`Install both in your project: npm install ${dirname(tarball)}/*.tgz`)
})
