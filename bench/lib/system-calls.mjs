import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The calls on files. The number of those that wake threads and the event loop varies. */
const onFiles =
  /^(open|close|p?read|p?write|lseek|flock|fcntl|f?stat|newfstat|fsync|fdatasync|rename|unlink|mkdir|getdents|f?chmod)/

/**
 * Counts the system calls of a process while it works, with strace.
 *
 * @returns the number of each call on files, and the number of all others together
 */
export async function systemCalls(pid, work) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const out = join(folder, 'calls')
  try {
    const args = ['-f', '-c', '-U', 'name,calls', '-o', out, '-p', String(pid)]
    const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(strace, 'close')
    await attached(strace, ended)
    await work()
    strace.kill('SIGINT')
    await ended
    return parse(readFileSync(out, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function attached(strace, ended) {
  let told = ''
  strace.stderr.setEncoding('utf8')
  const found = new Promise((resolve) => {
    strace.stderr.on('data', (text) => {
      told += text
      if (/attached/.test(told)) resolve()
    })
  })
  const failed = ended.then(() => { throw new Error(`strace could not attach: ${told.trim()}`) })
  failed.catch(() => {})
  await Promise.race([found, failed])
}

function parse(summary) {
  const calls = { others: 0 }
  for (const [, name, count] of summary.matchAll(/^(\w+)\s+(\d+)$/gm)) {
    if (onFiles.test(name)) calls[name] = Number(count)
    else if (name !== 'total') calls.others += Number(count)
  }
  return calls
}
