import { setTimeout as sleep } from 'node:timers/promises'

/** Resident bytes once the collector has nothing left to do; the process runs with `--expose-gc`. */
export async function settledMemory() {
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc()
    await sleep(20)
  }
  return process.memoryUsage.rss()
}
