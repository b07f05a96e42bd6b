#!/usr/bin/env node
import { run } from './run.js'

/** The worst that happened. */
function end(code: number): void {
  process.exitCode = Math.max(Number(process.exitCode ?? 0), code)
}

// A reader that has seen enough, such as `head`, is no failure, and changes nothing of what the command did.
process.stdout.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'EPIPE' ? 0 : 3))
process.stderr.on('error', () => {})

end(await run(process.argv.slice(2), process))
