// The CPU time of a second factor over HTTP, on the server: the handler, the same calls in a plain listener, and a listener that
// only answers JSON.
import { secondFactor, unread } from './lib/http-flows.mjs'
import { HttpSignIns } from './lib/http-sign-ins.mjs'
import { interleave } from './lib/interleave.mjs'
import { enrolOne } from './lib/population.mjs'

export async function http({ warmUp, ...options }) {
  const one = await enrolOne()
  const servers = Object.fromEntries(Object.entries({ handler: secondFactor, plain: secondFactor, json: unread }).map(([kind, flow]) =>
    [kind, new HttpSignIns({ program: 'http-process.mjs', args: [kind, 'memory'], flow }, one)]))
  try {
    for (const server of Object.values(servers)) await server.ready
    const results = {}
    for (const way of ['totp', 'webauthn']) {
      for (const server of Object.values(servers)) await server.run(way, warmUp)
      const contenders = Object.fromEntries(Object.entries(servers).map(([name, server]) =>
        [name, { measure: (count) => server.cpu(way, count) }]))
      results[way] = await interleave(contenders, options)
    }
    return results
  } finally {
    for (const server of Object.values(servers)) await server.end()
  }
}
