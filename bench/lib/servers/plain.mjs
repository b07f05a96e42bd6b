// The calls of `handler`, in a listener of `node:http`.
import { Countersign } from 'countersign'

import { fill, rp } from '../population.mjs'
import { read, send } from './plain-json.mjs'

export async function serve({ database: { store }, one, users, now }) {
  await fill(store, one.template, users)
  const service = await Countersign.open({ rp, store, now })
  return async (req, res) => {
    try {
      if (req.headers.origin !== rp.origins[0]) return res.writeHead(403).end()
      if (req.headers['content-type'] !== 'application/json') return res.writeHead(415).end()
      const body = JSON.parse(await read(req))
      const id = req.headers['x-user']
      const options = { purpose: 'sign-in', session: req.headers['x-session'] }
      if (req.url === '/countersign/challenge') {
        return send(res, { challenge: await service.challenge(id, { ...options, enrolled: true }) })
      }
      if (req.url !== '/countersign/verify') return res.writeHead(404).end()
      const outcome = await service.verify(id, body.answer, options)
      if (!outcome.ok) return res.writeHead(403).end()
      res.setHeader('set-cookie', 'session=new; HttpOnly')
      send(res, outcome)
    } catch (error) {
      console.error(error)
      res.writeHead(500).end()
    }
  }
}
