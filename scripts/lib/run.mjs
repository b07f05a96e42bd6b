import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { collector } from './output.mjs'
import { root } from './paths.mjs'

/** A command that ended badly; its own output has been shown, or collected, already. */
export class CommandFailed extends Error {}

/**
 * Runs a command in the checkout, or in `cwd`, its output shown as it comes, or given to the `collecting` that we are in, and its input
 * closed. A signal that reaches us goes to the command, and when that has ended we end too, unless it is a `server`, whose
 * own code says how it took it.
 * @returns {Promise<{ code: number, output: string }>} `output` only with `capture`; a signal counts as 128 + its number
 */
export function run(command, args, { env = {}, cwd = root, capture = false, server = false } = {}) {
  const collect = collector()
  const stream = capture || collect ? 'pipe' : 'inherit'
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...colour(), ...env },
      stdio: ['ignore', stream, stream],
    })
    const stopForwarding = forwardSignals(child)
    let output = ''
    for (const [stream, sink] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      stream?.setEncoding('utf8')
      stream?.on('data', (text) => {
        if (capture) output += text
        if (collect) collect(text)
        else sink.write(text)
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const received = stopForwarding()
      if (received && !server) process.exit(128 + constants.signals[received])
      resolve({ code: code ?? 128 + constants.signals[signal], output })
    })
  })
}

/** The same, and throws when the command fails. */
export async function mustRun(command, args, options) {
  const result = await run(command, args, options)
  if (result.code !== 0) throw new CommandFailed(`${[command, ...args].join(' ')} ended with code ${result.code}`)
  return result
}

/** npm as a Node script: the one that runs us, or the one on the PATH (a .cmd file on Windows can't be spawned). */
export function npm() {
  const running = process.env.npm_execpath
  if (running && /npm-cli\.c?js$/.test(running)) return [process.execPath, running]
  if (process.platform !== 'win32') return ['npm']
  return [process.execPath, join(process.execPath, '..', 'node_modules', 'npm', 'bin', 'npm-cli.js')]
}

/** A command of a dev dependency, run by this Node. */
export const local = (path) => [process.execPath, join(root, 'node_modules', path)]

/** What a command prints, or undefined when it is missing or fails. */
export function ask(command, args) {
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 64 * 1024 * 1024 }
  const { status, stdout } = spawnSync(command, args, options)
  return status === 0 ? stdout.trim() : undefined
}

/** Hands signals on to the child; the function that it answers ends that and tells which signal came, if any. */
function forwardSignals(child) {
  let received
  const forward = (signal) => {
    received = signal
    child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  return () => {
    for (const signal of signals) process.off(signal, forward)
    return received
  }
}

// A pipe hides the terminal from the tools; and with CI set some of them paint into a file.
const colour = () => (process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1', CARGO_TERM_COLOR: 'always' } : { NO_COLOR: '1' })
