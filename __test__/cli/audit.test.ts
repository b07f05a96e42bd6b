// countersign audit: what it shows, and that it finds what was changed.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { directoryAudit, memoryStore } from '../../facade/stores/index.js'
import { postgresAudit } from '../../facade/stores/postgres-store.js'
import { auditTo } from '../../index.js'
import { countersign } from '../helpers/command-line.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture, wrongCode } from '../helpers/service.js'
import { dropSchema, newPool, own, postgresFound, postgresUrl } from '../stores/engines.js'

const onUnix = process.platform === 'win32' ? test.skip : test

/** A log in files with a few entries, and where it and its key are. */
async function withLog() {
  const folder = temporaryDirectory()
  const [place, keyFile] = [join(folder, 'log'), join(folder, 'key')]
  const key = randomBytes(32).toString('base64url')
  writeFileSync(keyFile, `${key}\n`, { mode: 0o600 })
  const audit = auditTo(directoryAudit(place, { create: true }), { key, required: true })
  const fixture = await Fixture.open(memoryStore(), { audit })
  const { uri } = await fixture.enrolTotp('ann')
  await fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`, { from: '203.0.113.7' })
  await fixture.service.removeFactors('ann', { by: 'help desk' })
  return { folder, place, keyFile, key, fixture, args: ['--log', `directory:${place}`, '--key-file', keyFile] }
}

onUnix('it shows the log, and checks it', async (t) => {
  const { args, key, fixture } = await withLog()
  const { code, stdout, stderr } = await countersign(['audit', 'ann', ...args])
  t.is(code, 0, stderr)
  const lines = stdout.trimEnd().split('\n')
  t.regex(lines[0]!, /^20\d\d-[\dTZ:.-]+ {2}enrolled {2}totp [\w-]+$/)
  t.regex(lines[1]!, / {2}rejected {2}totp {2}\(wrong-code\) {2}from 203\.0\.113\.7$/)
  t.regex(lines[2]!, / {2}removed {2}totp [\w-]+ {2}by help desk$/)
  t.is(lines[3], '3 entries, each is linked by an HMAC')
  t.regex(lines[4]!, /cut off shows only with --head$/)
  const [, head] = /^head: (3:[\w-]{43})$/.exec(lines[5]!) ?? []
  t.is(lines.length, 6)
  t.false(stdout.includes(key))
  const { json } = await countersign(['audit', 'ann', '--json', '--head', head!, ...args])
  t.like(json, { user: 'ann', ok: true, lines: 3, head, mistakes: [], entries: [{ place: 1, type: 'enrolled' }, { place: 2 }, { place: 3 }] })
  await fixture.enrolTotp('ann')
  t.is((await countersign(['audit', 'ann', '--head', head!, ...args])).code, 0, 'the log may grow')
  t.regex((await countersign(['audit', 'ann', '--limit', '1', ...args])).stdout, /^[^\n]*enrolled[^\n]*\n4 entries/)
})

onUnix('what was changed or cut off is found', async (t) => {
  const { args, place } = await withLog()
  const { json: { head } } = await countersign(['audit', 'ann', '--json', ...args])
  const [file] = readdirSync(join(place, 'audit'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const path = join(file!.parentPath, file!.name)
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace('wrong-code', 'other-code'))
  const changed = await countersign(['audit', 'ann', ...args])
  t.is(changed.code, 1)
  t.regex(changed.stdout, /entry 2: it or the one before was changed/)
  writeFileSync(path, text.split('\n').slice(0, -1).join('\n'))
  t.is((await countersign(['audit', 'ann', ...args])).code, 0)
  const cut = await countersign(['audit', 'ann', '--head', head, ...args])
  t.is(cut.code, 1)
  t.regex(cut.stdout, /entry 3: the log does not have the entry that --head names/)
  const without = await countersign(['audit', 'ann', '--log', place])
  t.is(without.code, 1, 'without the key')
  t.regex(without.stdout, /checksum, which shows accidents only/)
})

onUnix('mistakes in the command line', async (t) => {
  const { args, folder, place } = await withLog()
  const usage = async (more: string[], message: RegExp, env = {}) => {
    const { code, stderr } = await countersign(['audit', 'ann', ...more], { env })
    t.is(code, 2, stderr)
    t.regex(stderr, message)
  }
  await usage([], /No audit log given/)
  await usage(['--log', 'redis://localhost'], /Unknown audit log/)
  await usage(['--log', 'postgres://me:secret@localhost/x'], /COUNTERSIGN_AUDIT$/m)
  await usage(['--head', 'x', ...args], /head must be/)
  await usage(['--limit', 'x', ...args], /limit must be/)
  writeFileSync(join(folder, 'short'), 'short')
  await usage(['--log', place, '--key-file', join(folder, 'short')], /key must be 32 to 64 secret bytes/)
  const env = { COUNTERSIGN_AUDIT: `directory:${place}`, COUNTERSIGN_AUDIT_KEY_FILE: args[3]! }
  t.is((await countersign(['audit', 'ann'], { env })).code, 0)
  t.like((await countersign(['audit', 'nobody', '--json'], { env })).json, { ok: true, lines: 0, head: null, entries: [] })
  mkdirSync(join(folder, 'open'), { mode: 0o755 })
  t.is((await countersign(['audit', 'ann', '--log', join(folder, 'open')])).code, 3)
})

if (postgresFound) {
  test('a log in PostgreSQL', async (t) => {
    const schema = `${own}_audit_cli`
    const pool = newPool()
    t.teardown(async () => {
      await pool.end()
      await dropSchema(schema)
    })
    const store = postgresAudit(pool, { schema })
    await store.migrate()
    const fixture = await Fixture.open(memoryStore(), { audit: auditTo(store, { required: true }) })
    await fixture.enrolTotp('ann')
    const { code, json } = await countersign(['audit', 'ann', '--json', '--schema', schema], { env: { COUNTERSIGN_AUDIT: postgresUrl! } })
    t.is(code, 0)
    t.like(json, { ok: true, link: 'checksum', lines: 1, entries: [{ type: 'enrolled' }] })
  })
}
