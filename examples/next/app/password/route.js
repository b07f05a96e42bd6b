import { isOwnRequest } from 'countersign/http'
import { checkPassword } from '../../../accounts.mjs'
import { readJson } from '../../../read-json.mjs'
import { findSession, renewSession } from '../../../sessions.mjs'
import { signIn, signOut } from '../../../sign-ins.mjs'
import { rp } from '../../lib/second-factor.js'

export async function POST(request) {
  // It changes the session: only for our own pages, or another site could sign a browser in.
  if (!isOwnRequest(request, rp)) return new Response(null, { status: 403 })
  const { name, password } = await readJson(request)
  const account = await checkPassword(name, password)
  if (!account) return new Response(null, { status: 401 })
  const cookies = request.headers.get('cookie')
  signOut(findSession(cookies))
  const headers = { 'set-cookie': renewSession(cookies, signIn(account.id)) }
  return new Response(null, { status: 204, headers })
}
