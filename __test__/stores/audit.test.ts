// Every audit store that is here passes the suite that others are tested with.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

import test from 'ava'

import { auditTo } from '../../index.js'
import { directoryAudit, memoryAudit, memoryStore } from '../../facade/stores/index.js'
import type { AuditStore } from '../../facade/stores/index.js'
import { postgresAudit, postgresAuditTable } from '../../facade/stores/postgres-store.js'
import { auditStoreTests } from '../../facade/testing/index.js'
import { Fixture } from '../helpers/service.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { dropSchema, newPool, own, postgresFound } from './engines.js'

const makers: Record<string, () => AuditStore> = { memory: memoryAudit }

if (process.platform !== 'win32') {
  makers.directory = () => directoryAudit(temporaryDirectory())

  test('directory: processes that share it make one log; a file of something else is refused', async (t) => {
    const path = join(temporaryDirectory(), 'audit')
    t.throws(() => directoryAudit(path), { code: 'directory-refused' })
    const [one, other] = [directoryAudit(path, { create: true }), directoryAudit(path)]
    const next = (last: string | undefined) => `${Number(last ?? 0) + 1}`
    await Promise.all(Array.from({ length: 80 }, (_, index) => (index % 2 ? one : other).append('ann', next)))
    t.deepEqual((await one.read('ann', { limit: 100 })).map(({ line }) => Number(line)), Array.from({ length: 80 }, (_, index) => 80 - index))
    const files = readdirSync(join(path, 'audit'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    t.is(files.length, 2)
    for (const file of files) {
      const place = join(file.parentPath, file.name)
      if (readFileSync(place, 'utf8').startsWith('{"user"')) writeFileSync(place, 'something else')
    }
    await t.throwsAsync(one.read('ann', { limit: 1 }), { code: 'record-corrupt' })
    await t.throwsAsync(one.append('ann', next), { code: 'record-corrupt' })
    await t.throwsAsync(one.append('\ud800', next), { code: 'invalid-argument' })
  })

  test('directory: a lost file takes no other lines with it, and the check shows it', async (t) => {
    const path = join(temporaryDirectory(), 'audit')
    const store = directoryAudit(path, { create: true })
    const audit = auditTo(store, { key: randomBytes(32), required: true })
    const service = await Fixture.open(memoryStore(), { audit })
    const { factor } = await service.enrolTotp('ann')
    const add = async (lines: number) => {
      for (let count = 0; count < lines; count += 1) await service.service.updateFactor('ann', factor.id, { description: `${lines}-${count}` })
    }
    const places = () => readdirSync(join(path, 'audit'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile()).map((file) => join(file.parentPath, file.name))
    const isNewest = (place: string) => readFileSync(place, 'utf8').startsWith('{"user"')
    await add(69)
    const [newest, full] = [places().find(isNewest)!, places().find((place) => !isNewest(place))!]
    const kept = readFileSync(full, 'utf8')
    rmSync(newest)
    t.like(await audit.check('ann'), { ok: false, lines: 65, mistakes: [{ place: 65, reason: 'unreadable' }, { place: 65, reason: 'link' }] })
    t.is((await audit.read('ann', { limit: 100 })).entries.length, 64)
    await add(65)
    t.is(readFileSync(full, 'utf8'), kept, 'never written over')
    t.like(await audit.check('ann'), { ok: false, lines: 130, mistakes: [{ place: 65, reason: 'unreadable' }, { place: 65, reason: 'link' }] })
    t.is((await audit.read('ann', { limit: 100 })).entries[0]?.place, 130)
    // A full file.
    rmSync(full)
    const { ok, lines, mistakes } = await audit.check('ann')
    t.false(ok)
    t.is(lines, 67)
    t.true(mistakes.some(({ place, reason }) => place === 65 && reason === 'place'))
    // Both: the lines that are left stand in the way of new ones.
    const left = places().find((place) => !isNewest(place))!
    const others = readFileSync(left, 'utf8')
    rmSync(places().find(isNewest)!)
    await t.throwsAsync(add(200), { code: 'record-corrupt' })
    t.is(readFileSync(left, 'utf8'), others)
  })

  test('directory: the rules are those of directoryStore', (t) => {
    const path = join(temporaryDirectory(), 'open')
    mkdirSync(path, { mode: 0o755 })
    t.throws(() => directoryAudit(path), { code: 'directory-refused' })
    t.throws(() => directoryAudit(path, { creat: true } as never), { code: 'invalid-argument' })
  })
}

if (postgresFound) {
  const [pool, serializable] = [newPool(), newPool({ options: '-c default_transaction_isolation=serializable' })]
  const schemas = [`${own}_audit`, `${own}_audit_serializable`]
  test.before(() => Promise.all(schemas.flatMap((schema) => [1, 2, 3].map(() => postgresAudit(pool, { schema }).migrate()))))
  test.after.always(async () => {
    await Promise.all([...schemas, `${own}_audit_tables`].map(dropSchema))
    await Promise.all([pool.end(), serializable.end()])
  })
  makers.postgres = () => postgresAudit(pool, { schema: schemas[0]! })
  makers['postgres, serializable'] = () => postgresAudit(serializable, { schema: schemas[1]! })

  test('postgres: two stores make one log, and a role that may only add lines is enough', async (t) => {
    const schema = `${own}_audit_tables`
    await pool.query(`CREATE SCHEMA "${schema}"`)
    await pool.query(postgresAuditTable({ schema, prefix: 'x_' }))
    const role = `${own}_writer`
    await pool.query(`CREATE ROLE "${role}"; GRANT USAGE ON SCHEMA "${schema}" TO "${role}"; GRANT SELECT, INSERT ON "${schema}".x_audit TO "${role}"`)
    const limited = newPool({ options: `-c role=${role}` })
    try {
      const stores = [1, 2, 3].map(() => postgresAudit(limited, { schema, prefix: 'x_' }))
      await stores[0]!.migrate()
      await Promise.all(Array.from({ length: 60 }, (_, index) => stores[index % 3]!.append('ann', (last) => `${Number(last ?? 0) + 1}`)))
      const lines = await stores[0]!.read('ann', { limit: 100 })
      t.deepEqual(lines.map(({ line }) => Number(line)), Array.from({ length: 60 }, (_, index) => 60 - index))
      await t.throwsAsync(limited.query(`UPDATE "${schema}".x_audit SET line = ''`), { code: '42501' })
      await t.throwsAsync(limited.query(`DELETE FROM "${schema}".x_audit`), { code: '42501' })
    } finally {
      await limited.end()
      await pool.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
    }
  })

  test('postgres: what it cannot store is refused', async (t) => {
    const store = makers.postgres!()
    await t.throwsAsync(store.append('a\0b', () => ''), { code: 'invalid-argument' })
    await t.throwsAsync(store.append('ann', () => 'a\0b'), { code: 'invalid-argument' })
    t.deepEqual(await store.read('a\0b', { limit: 1 }), [])
  })
}

for (const [kind, make] of Object.entries(makers)) {
  for (const { name, run } of auditStoreTests) {
    test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(make)))
  }
}
