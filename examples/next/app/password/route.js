import { checkPassword } from '../../../accounts.mjs'
import { renewSession } from '../../../sessions.mjs'

export async function POST(request) {
  const { name, password } = await request.json()
  const account = checkPassword(name, password)
  if (!account) return new Response(null, { status: 401 })
  const pending = { id: account.id, state: 'pending', at: Date.now() }
  const headers = { 'set-cookie': renewSession(request.headers.get('cookie'), pending) }
  return new Response(null, { status: 204, headers })
}
