import { execFile } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeOfTools } from '../helpers/emulated.js'
import { ExampleServer } from './example-server.js'

const folder = join('build', `nestjs-${process.pid}`)
let compiled: Promise<void> | undefined

/** The example for NestJS, compiled as its users do; on the adapter that `ADAPTER` names. */
export async function startNestjs(): Promise<ExampleServer> {
  await (compiled ??= compile())
  return ExampleServer.run('nestjs', [join(folder, 'main.js')])
}

async function compile(): Promise<void> {
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(nodeOfTools, [tsc, '-p', 'examples/nestjs', '--outDir', folder])
  cpSync(join('examples', 'accounts.mjs'), join(folder, 'accounts.mjs'))
}
