// Databases for better-auth: PostgreSQL, and SQLite where Node has it.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { betterAuth } from 'better-auth'
import type { BetterAuthOptions } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import type { ExecutionContext } from 'ava'

import { dropSchema, newPool, own, postgresFound } from '../stores/engines.js'
// Before anything is declared here: it takes its time.
import '../stores/mysql.js'
import { script } from './script.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const sqlite = process.getBuiltinModule('node:sqlite' as 'node:os') as unknown as
  | { DatabaseSync: new (path: string) => { exec(sql: string): void; close(): void } }
  | undefined

/** Makes an empty database for better-auth's option `database`. */
export type MakeDatabase = () => Promise<NonNullable<BetterAuthOptions['database']>>

/** By name; each call makes an empty one. */
export const databases: { postgres?: MakeDatabase; sqlite?: MakeDatabase } = {}

let made = 0

if (postgresFound) {
  const ends: (() => Promise<void>)[] = []
  databases.postgres = async () => {
    const schema = `${own}_ba${(made += 1)}`
    const pool = newPool({ options: `-c search_path=${schema}` })
    await pool.query(`CREATE SCHEMA ${schema}`)
    ends.push(async () => {
      await pool.end()
      await dropSchema(schema)
    })
    return pool
  }
  test.after.always(async () => void (await Promise.all(ends.map((end) => end()))))
}

if (sqlite) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-better-auth-'))
  const open: { close(): void }[] = []
  databases.sqlite = async () => {
    const database = new sqlite.DatabaseSync(join(folder, `${(made += 1)}.db`))
    open.push(database)
    return database as never
  }
  test.after.always(() => {
    for (const database of open) database.close()
    rmSync(folder, { recursive: true })
  })
}

/** better-auth with its tables made. */
export async function withTables<O extends BetterAuthOptions>(options: O) {
  const auth = betterAuth({
    baseURL: 'http://localhost:3000',
    secret: 'a secret of the tests, and of nothing else',
    telemetry: { enabled: false },
    ...options,
  })
  await (await getMigrations(auth.options)).runMigrations()
  return auth
}

/** Where this Node has no SQLite: runs the tests named `sqlite: ...` of a file on one that has it. */
export function onNewerNode(url: string): void {
  if (sqlite) return
  test('the tests on SQLite, on a Node that has it', async (t: ExecutionContext) => {
    t.timeout(540_000)
    const { otherNodes } = await script('nodes.mjs')
    const node = (await otherNodes())[22]
    if (node === undefined) return t.pass('no other Node to be had for this platform')
    const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs')
    const args = [ava, relative(root, fileURLToPath(url)), '--match', 'sqlite: *', '--tap']
    const env = { ...process.env, NODE_NO_WARNINGS: '1' }
    const { stdout } = await promisify(execFile)(node, args, { cwd: root, env, maxBuffer: 2 ** 26 }).catch(
      (error: { stdout: string }) => error,
    )
    t.deepEqual(stdout.split('\n').filter((line) => line.startsWith('not ok')), [], stdout)
    t.regex(stdout, /^# pass [1-9]/m)
  })
}
