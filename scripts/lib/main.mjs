import { ToolMissing } from './tools.mjs'
import { CommandFailed } from './run.mjs'

/** Runs a script; what is expected to go wrong is told in a line, anything else with its stack. */
export async function main(work) {
  try {
    await work()
  } catch (error) {
    console.error(error instanceof ToolMissing || error instanceof CommandFailed ? error.message : error)
    process.exitCode = 1
  }
}
