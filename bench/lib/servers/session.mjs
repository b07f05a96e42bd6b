// `countersign/http/session`: a sign-in is a password, then the second factor, or a passkey; the session is in the same database.
import { Countersign } from 'countersign'
import { toNodeListener } from 'countersign/http'
import { createSessions } from 'countersign/http/session'

import { fill, rp } from '../population.mjs'

export async function serve({ database, one, users, now }) {
  await fill(database.store, one.template, users, { challenges: 0 })
  const service = await Countersign.open({ rp, store: database.store, now })
  const sessions = createSessions(service, {
    store: database.sessions,
    account: () => ({ enrolled: true }),
    onEnrolled: () => {},
    onError: (error) => console.error(error),
  })
  // As in docs/frameworks/node-http.md.
  const secondFactor = toNodeListener(sessions.handler)
  return async (req, res) => {
    if (req.url !== '/sign-in') return secondFactor(req, res)
    const { ok, headers } = await sessions.signIn(req, req.headers['x-user'], { firstFactor: ['pwd'] })
    res.writeHead(ok ? 204 : 403, headers).end()
  }
}
