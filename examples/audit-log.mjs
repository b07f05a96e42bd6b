// Writes one line of JSON for each event of every service in the process. It listens to the diagnostics channel, so the code
// that opens a service stays as it is:
//
//   node --import ./audit.mjs server.mjs     where audit.mjs calls   auditTo(createWriteStream('audit.log', { flags: 'a' }))
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { eventChannel } from 'countersign'

/**
 * @param {NodeJS.WritableStream} out
 * @returns {() => void} stops the log
 */
export function auditTo(out) {
  const write = ({ at, type, user, factor, browser, reason, left }) => {
    // JSON.stringify escapes line breaks, so a user's name can't add a line.
    const time = new Date(at).toISOString()
    const line = { time, event: type, user, factor: factor?.type, id: factor?.id, browser, reason, left }
    out.write(`${JSON.stringify(line)}\n`)
  }
  subscribe(eventChannel, write)
  return () => unsubscribe(eventChannel, write)
}
