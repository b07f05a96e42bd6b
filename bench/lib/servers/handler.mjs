// `countersign/http` under `toNodeListener`, where the host's session is told by the request.
import { Countersign } from 'countersign'
import { createHandler, toNodeListener } from 'countersign/http'

import { fill, rp } from '../population.mjs'

export async function serve({ database: { name, store }, one, users, now }) {
  await fill(store, one.template, users, { challenges: name === 'directory' ? 4096 : 0 })
  const service = await Countersign.open({ rp, store, now })
  return toNodeListener(
    createHandler(service, {
      user: (request, { req: { headers } }) =>
        ({ id: headers['x-user'], state: 'pending', at: now(), session: headers['x-session'], enrolled: true }),
      onVerified: () => ({ 'set-cookie': 'session=new; HttpOnly' }),
      onError: (error) => console.error(error),
    }),
  )
}
