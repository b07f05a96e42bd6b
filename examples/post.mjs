/** Sends JSON to a route of the site's own, as the pages of these examples do. */
export function post(path, body = {}) {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

/** Whether the password was right: the session is pending then. */
export async function givePassword(name, password) {
  const { ok } = await post('/password', { name, password })
  return ok
}

/** The password once more, from someone who has no factor: a whole sign-in, which ends with the challenge. */
export async function givePasswordAgain(name, password) {
  const right = await givePassword(name, password)
  if (right) await post('/countersign/challenge')
  return right
}
