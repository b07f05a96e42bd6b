// Next.js. In this folder, run `npm install && npm install countersign && npm run build && PORT=3000 npm start`.
import { Countersign } from 'countersign'
import { wellKnown } from 'countersign/http'
import { createSessions } from 'countersign/http/session'
import { directoryStore, memorySessions } from 'countersign/stores'
import { accountById, setEnrolled } from '../../accounts.mjs'

const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

// Next.js loads this file once for pages and once for routes. In production: postgresSessions(pool) or redisSessions(client)
const store = (globalThis.exampleSessions ??= memorySessions())

export const sessions = createSessions(countersign, {
  store,
  account: accountById,
  onEnrolled: setEnrolled,
  required: (user) => user.admin,
})

// Browsers and password managers look here for the page where passkeys are managed.
export const passkeyPages = wellKnown({ rp, manage: `${rp.origins[0]}/account` })
