// Next.js: `npm install && npm install countersign && npm run build && PORT=3000 npm start`, in this folder.
import { Countersign } from 'countersign'
import { createHandler } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { setEnrolled } from '../../accounts.mjs'
import { findSession, renewSession } from '../../sessions.mjs'
import { afterVerified, userOf } from '../../sign-ins.mjs'

const port = Number(process.env.PORT ?? 3000)
export const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

export const handler = createHandler(countersign, {
  user: (request) => userOf(findSession(request.headers.get('cookie'))),
  onVerified(request, user, outcome) {
    const next = afterVerified(user, outcome)
    if (next !== undefined) return { 'set-cookie': renewSession(request.headers.get('cookie'), next) }
  },
  onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
  required: (user) => user.admin,
})
