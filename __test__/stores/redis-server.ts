// A Redis of the test's own, for what must not be done to one that others use too.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const serverFound = spawnSync('redis-server', ['--version']).status === 0
if (!serverFound) console.log('SKIPPED: tests with a Redis of their own, for which there is no redis-server')

export interface RedisServer {
  port: number
  url: string
  stop(): Promise<void>
}

export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-redis-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...settings]
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(server, 'exit')
  for await (const text of server.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    if (String(text).includes('Ready to accept connections')) break
  }
  server.stdout.resume()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true })
    },
  }
}

/** One whose cluster bus, 10000 above, is a port as well. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    if (port < 55_000) return port
  }
}
