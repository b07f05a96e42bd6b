import { renewSession } from '../../../sessions.mjs'

export function POST(request) {
  const headers = { 'set-cookie': renewSession(request.headers.get('cookie')) }
  return new Response(null, { status: 204, headers })
}
