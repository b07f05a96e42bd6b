// A run for each store: makes a place for it, says what can go wrong with its database, and removes what it has made.
import { join } from 'node:path'

import { postgresStore } from '../../../facade/stores/postgres-store.js'
import { mysqlStore } from '../../../facade/stores/mysql-store.js'
import { memoryStore } from '../../../facade/stores/memory-store.js'
import { checkHistories } from '../../../facade/testing/check-histories.js'
import { recordHistory } from '../../../facade/testing/history.js'
import { scratch } from '../../helpers/programs.js'
import { runtimeOf, runtimes } from '../../helpers/sqlite-runtimes.js'
import type { Runtime } from '../../helpers/sqlite-runtimes.js'
import { startProxy } from '../proxy.js'
import { connectionName } from './engines.js'
import { checkRun } from './run.js'
import type { HistoryResult, HistoryRun } from './run.js'

type Work = (run: Omit<HistoryRun, 'engine' | 'seconds'>) => Promise<HistoryResult>

/** Makes a place, lets a run work there, and removes it. */
type Place = (work: Work) => Promise<HistoryResult>

const places: Record<string, Place> = {
  directory: inFolder(),
  'tfa.cfg': inFolder('tfa.cfg'),
  sqlite: async (work) => inFolder('countersign.db')(async (run) => work({ ...run, runtime: await sqliteRuntime() })),
  postgres: async (work) => {
    const { dropSchema, newPool, own } = await import('../engines.js')
    const [pool, proxy] = [newPool(), await startProxy(5432)]
    const killed = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1'
    try {
      await postgresStore(pool, { schema: own }).migrate()
      const faults = { 'connections cut': proxy.cut, 'backends killed': () => pool.query(killed, [connectionName(own)]) }
      return await work({ place: own, port: proxy.port, faults })
    } finally {
      proxy.close()
      await dropSchema(own)
      await pool.end()
    }
  },
  mysql: async (work) => {
    const [{ own }, { newMysql, newMysqlDatabase }] = [await import('../engines.js'), await import('../mysql.js')]
    const [drop, proxy] = [await newMysqlDatabase(own), await startProxy(3306)]
    const pool = newMysql({ database: own })
    const killAll = async (): Promise<void> => {
      const [found] = await pool.query('SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()', [own])
      for (const { id } of found as { id: number }[]) await pool.query(`KILL ${id}`).catch(() => {})
    }
    try {
      await mysqlStore(pool).migrate()
      return await work({ place: own, port: proxy.port, faults: { 'connections cut': proxy.cut, 'connections killed': killAll } })
    } finally {
      proxy.close()
      await pool.end()
      await drop()
    }
  },
  'node-redis': async (work) => onRedis(work),
}

/** Records histories of a store for some seconds, and checks them. */
export async function checkStore(engine: string, seconds: number): Promise<HistoryResult> {
  if (engine === 'memory') return checkMemory(seconds)
  const place = engine.startsWith('broken: ') ? places['directory']! : places[engine]!
  return place((run) => checkRun({ engine, seconds, ...run }))
}

/** It serves one thread: four who call it at once stand for processes, and none can die alone. */
async function checkMemory(seconds: number): Promise<HistoryResult> {
  const store = memoryStore()
  const logs = ['1', '2', '3', '4'].map((name) => ({ name, text: '' }))
  await Promise.all(
    logs.map((log) => recordHistory(store, { run: 'memory', process: log.name, seconds, log: (line) => (log.text += line) })),
  )
  return { ...checkHistories(logs.map(({ text }) => text)), faults: {} }
}

function inFolder(...file: string[]): Place {
  return async (work) => {
    const folder = scratch()
    try {
      return await work({ place: join(folder.path, ...file) })
    } finally {
      folder.remove()
    }
  }
}

async function onRedis(work: Work): Promise<HistoryResult> {
  const { newRedis, own } = await import('../engines.js')
  const { serverFound, startRedis } = await import('../redis-server.js')
  if (!serverFound) throw new Error('needs redis-server')
  // One of its own: a client can only be killed together with those of others.
  const server = await startRedis()
  const [client, proxy] = [newRedis(server.url), await startProxy(server.port)]
  try {
    const faults = { 'connections cut': proxy.cut, 'connections killed': () => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes') }
    return await work({ place: own, port: proxy.port, faults })
  } finally {
    proxy.close()
    client.disconnect()
    await server.stop()
  }
}

/** What SQLite is worked with: this Node may have none, and another one may not be to be had. */
async function sqliteRuntime(): Promise<Runtime> {
  const all = await runtimes()
  const found = ['node:sqlite on Node 24', 'node:sqlite on the running Node']
    .find((name) => all.some((one) => one.name === name && one.missing === undefined))
  if (found === undefined) throw new Error('no Node with node:sqlite is to be had here')
  return runtimeOf(found)
}
