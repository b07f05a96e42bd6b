import { isOwnRequest } from 'countersign/http'
import { findSession, renewSession } from '../../../sessions.mjs'
import { signOut } from '../../../sign-ins.mjs'
import { rp } from '../../lib/second-factor.js'

export function POST(request) {
  if (!isOwnRequest(request, rp)) return new Response(null, { status: 403 })
  const cookies = request.headers.get('cookie')
  signOut(findSession(cookies))
  return new Response(null, { status: 204, headers: { 'set-cookie': renewSession(cookies) } })
}
