// `npm start`: all set-up, then the demo server. The server takes PORT from the environment and says where it listens.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { main } from './lib/main.mjs'
import { root } from './lib/paths.mjs'
import { CommandFailed, run } from './lib/run.mjs'
import { Steps } from './lib/steps.mjs'
import { setUp } from './setup.mjs'

main(async () => {
  const steps = new Steps({ name: 'start' })
  const ready = await steps.step('set-up', setUp)
  steps.stop()
  if (!ready) throw new CommandFailed('the demo was not started')
  const server = join('build', 'demo', 'server.js')
  if (!existsSync(join(root, server))) throw new CommandFailed('demo/server.ts is missing: there is nothing to start')
  const { code } = await run(process.execPath, [server], { server: true })
  process.exitCode = code
})
