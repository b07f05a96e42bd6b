import { setTimeout as sleep } from 'node:timers/promises'

/** Returns the resident bytes after garbage collection. The process must run with `--expose-gc`. */
export async function settledMemory() {
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc()
    await sleep(20)
  }
  return process.memoryUsage.rss()
}
