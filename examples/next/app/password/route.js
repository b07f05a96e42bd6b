import { checkPassword } from '../../../accounts.mjs'
import { readJson } from '../../../read-json.mjs'
import { sessions } from '../../lib/sessions.js'

export async function POST(request) {
  // Without this check, a page of another site could sign a browser in as someone else.
  if (!sessions.isOwn(request)) return new Response(null, { status: 403 })
  const { name, password } = await readJson(request)
  const account = await checkPassword(name, password)
  if (!account) return new Response(null, { status: 401 })
  const { headers } = await sessions.signIn(request, account.id)
  return new Response(null, { status: 204, headers })
}
