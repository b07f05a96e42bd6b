import { sessions } from '../../lib/sessions.js'

export async function POST(request) {
  if (!sessions.isOwn(request)) return new Response(null, { status: 403 })
  const checked = await sessions.check(request, { within: 300 })
  return checked.ok ? Response.json({ refunded: 1 }) : Response.json({ reason: checked.reason }, { status: 403 })
}
