import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.js'

/** The demo's server as `npm start` runs it. */
export interface DemoProcess {
  origin: string
  child: ChildProcess
  /** All that it has printed so far. */
  output: { out: string; error: string }
  /** Ends it as a terminal does; its exit code, `null` after a signal. */
  stop(): Promise<number | null>
}

/** Starts the demo; it need not be ready yet, nor ever get so. */
export function spawnDemo(port: number, directory: string, settings: Record<string, string> = {}): DemoProcess {
  const script = fileURLToPath(new URL('../../demo/server.js', import.meta.url))
  const env = { ...process.env, ...settings, PORT: String(port), VAR_DIR: directory }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close') as Promise<[number | null]>
  const output = { out: '', error: '' }
  child.stdout.on('data', (data) => (output.out += data))
  child.stderr.on('data', (data) => (output.error += data))
  const stop = async () => {
    child.kill('SIGTERM')
    return (await closed)[0]
  }
  return { origin: `http://localhost:${port}`, child, output, stop }
}

/** The demo on a free port, ready. */
export async function startDemoProcess(directory: string, settings?: Record<string, string>): Promise<DemoProcess> {
  const demo = spawnDemo(await freePort(), directory, settings)
  const ended = once(demo.child, 'close').then(() => { throw new Error(`the demo has ended: ${demo.output.error}`) })
  await Promise.race([once(demo.child.stdout!, 'data'), ended])
  ended.catch(() => {})
  return demo
}
