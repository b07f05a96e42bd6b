// `npm run pack:local`: the two tarballs that an installation on this platform consists of, into ./tarballs.
import { main } from './lib/main.mjs'
import { pack } from './lib/pack.mjs'
import { setUp } from './setup.mjs'

main(async () => {
  await setUp()
  await pack()
})
