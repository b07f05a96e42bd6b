import { AsyncLocalStorage } from 'node:async_hooks'

const collectors = new AsyncLocalStorage()

/** Runs `work` with everything that it says, and that its commands print, given to `write` instead of being shown. */
export const collecting = (write, work) => collectors.run(write, work)

/** Where output goes inside of `collecting`; undefined outside. */
export const collector = () => collectors.getStore()

/** One line of a script's own. */
export function say(line) {
  const write = collector()
  if (write) write(`${line}\n`)
  else console.log(line)
}
