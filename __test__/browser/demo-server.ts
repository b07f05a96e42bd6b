import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApp, type AppSettings } from '../../demo/app.js'

export interface DemoServer {
  origin: string
  directory: string
  now: () => number
  /** Moves the server's clock forward. */
  pass: (milliseconds: number) => void
  /** What the server logged. */
  logged: unknown[]
  close: () => Promise<void>
}

/** The demo on a free port, with a folder and a clock of its own. */
export async function startDemo(
  settings: Pick<AppSettings, 'required' | 'require' | 'passwordsPerAddress' | 'yubicoKeys' | 'audit' | 'policy'> = {},
): Promise<DemoServer> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-demo-'))
  let ahead = 0
  const logged: unknown[] = []
  const now = (): number => Date.now() + ahead
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const app = await openApp({ ...settings, origin, directory, now, log: (error) => logged.push(error) })
  server.on('request', app.handle)
  return {
    origin,
    directory,
    now,
    logged,
    pass: (milliseconds) => void (ahead += milliseconds),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await app.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** What a phone shows for this secret (RFC 6238, SHA-1, 6 digits, 30 s), by Node's own HMAC. */
export function phoneCode(secret: string, now: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replaceAll(' ', '')].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
