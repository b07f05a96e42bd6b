import { sessions } from '../../lib/sessions.js'

export async function POST(request) {
  if (!sessions.isOwn(request)) return new Response(null, { status: 403 })
  const { headers } = await sessions.signOut(request)
  return new Response(null, { status: 204, headers })
}
