import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './output.mjs'
import { scratch } from './paths.mjs'

const path = join(scratch, 'lock')

/** Runs `work` while no other set-up of this checkout runs; waits for one that does. */
export async function underLock(work) {
  mkdirSync(scratch, { recursive: true })
  let said = false
  while (!tryLock()) {
    const holder = read()
    if (holder && !said) say(`waiting for another set-up of this checkout (process ${holder}, which holds ${path})`)
    said ||= Boolean(holder)
    await sleep(200)
  }
  const release = () => rmSync(path, { force: true })
  process.on('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

function tryLock() {
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    // A link appears with its content: nobody ever sees a lock without a holder.
    linkSync(mine, path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  } finally {
    rmSync(mine, { force: true })
  }
  const holder = read()
  if (holder === undefined || isAlive(Number(holder))) return false
  // Of several that find the same dead holder, the rename lets one take it away.
  try {
    renameSync(path, mine)
    if (read(mine) !== holder) renameSync(mine, path)
    else rmSync(mine, { force: true })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  return false
}

function read(file = path) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
