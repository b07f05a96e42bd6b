// `npm run memory -- [--sign-ins N]`: signs in a million times, unless told otherwise, and fails when the resident size
// grows.
import { parseArgs } from 'node:util'
import { main } from './lib/main.mjs'
import { mustRun } from './lib/run.mjs'
import { setUp } from './setup.mjs'

main(async () => {
  const { values } = parseArgs({ options: { 'sign-ins': { type: 'string', default: '1000000' } } })
  if (!/^\d+$/.test(values['sign-ins'])) throw new Error('--sign-ins takes a number')
  await setUp()
  await mustRun(process.execPath, ['--expose-gc', 'build/__test__/memory/sign-ins.js', values['sign-ins']])
})
