// Writes an audit line, one JSON object, for each event of every service in the process. It hangs on the diagnostics
// channel, so no code that opens a service has to know of it:
//
//   node --import ./audit.mjs server.mjs     where audit.mjs says   auditTo(createWriteStream('audit.log', { flags: 'a' }))
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { eventChannel } from 'countersign'

/**
 * @param {NodeJS.WritableStream} out
 * @returns {() => void} ends it
 */
export function auditTo(out) {
  const write = ({ at, type, user, factor, browser, reason, left }) => {
    // JSON.stringify escapes line ends: a user's name can't forge a second line.
    const time = new Date(at).toISOString()
    const line = { time, event: type, user, factor: factor?.type, id: factor?.id, browser, reason, left }
    out.write(`${JSON.stringify(line)}\n`)
  }
  subscribe(eventChannel, write)
  return () => unsubscribe(eventChannel, write)
}
