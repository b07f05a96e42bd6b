import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What runs a script with SQLite in it. */
export interface Runtime {
  program: string
  env?: Record<string, string>
}

/** The runtimes that `sqliteStore` is tested on, and why this machine can't have one. */
export const runtimes = (): Promise<{ name: string; missing?: string }[]> => ask()

/** One of them, fetched. */
export const runtimeOf = (name: string): Promise<Runtime> => ask(name)

const script = fileURLToPath(new URL('../../../scripts/sqlite-runtimes.mjs', import.meta.url))

/** What the script says in its last line. */
async function ask<T>(...args: string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], { maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T
}
