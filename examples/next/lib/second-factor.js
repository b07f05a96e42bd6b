// Next.js: `npm install && npm install countersign && npm run build && PORT=3000 npm start`, in this folder.
import { Countersign } from 'countersign'
import { createHandler } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { accountById, setEnrolled } from '../../accounts.mjs'
import { findSession, renewSession } from '../../sessions.mjs'

const port = Number(process.env.PORT ?? 3000)
const countersign = await Countersign.open({
  rp: { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] },
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

export const handler = createHandler(countersign, {
  user(request) {
    const found = findSession(request.headers.get('cookie'))
    if (!found) return null
    const { name, enrolled, admin } = accountById(found.id)
    return { ...found, name, enrolled, admin }
  },
  onVerified(request, user, outcome) {
    const cookies = request.headers.get('cookie')
    const verified = { id: user.id, state: 'verified', at: Date.now() }
    if (outcome.ok) return { 'set-cookie': renewSession(cookies, verified) }
    if (outcome.reason === 'locked' && user.state === 'pending') return { 'set-cookie': renewSession(cookies) }
  },
  onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
  required: (user) => user.admin,
})
