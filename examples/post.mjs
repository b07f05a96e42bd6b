/** Sends JSON to a route of this site. */
export function post(path, body = {}) {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

/** Resolves with whether the password was right. If it was, the session is pending. */
export async function givePassword(name, password) {
  const { ok } = await post('/password', { name, password })
  return ok
}

/** Verifies the password again for a user without a factor. It is a new sign-in, and the challenge completes it. */
export async function givePasswordAgain(name, password) {
  const right = await givePassword(name, password)
  if (right) await post('/countersign/challenge')
  return right
}
