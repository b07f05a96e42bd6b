// Runs the cases in the runtime that this is started with: `<name of the runtime>`. Each result is a line of JSON.
import { cases } from './cases.js'
import { driverOf } from './driver.js'

/** How a case ended. */
export interface Result {
  name: string
  /** With its stack, where it failed. */
  error?: string
}

const [runtime = '', only = ''] = process.argv.slice(2)
const driver = driverOf(runtime)
for (const { name, not, run } of cases) {
  if (not !== undefined && runtime.includes(not.on)) continue
  if (!name.includes(only)) continue
  const error = await run(driver).then(() => undefined, (thrown: Error) => thrown?.stack ?? String(thrown))
  const result: Result = { name, ...(error !== undefined && { error }) }
  console.log(JSON.stringify(result))
}
// Bun keeps worker threads that have ended for a while.
process.exit()
