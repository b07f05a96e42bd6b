import { messageOf } from './messages.js'

/** An error answer of the server; its message is for the person, its `code` for the page. */
export class ApiError extends Error {
  constructor(code) {
    super(messageOf(code))
    this.code = code
  }
}

let signedOut = () => {}
let stepUp = async () => false

/** What happens when the session has ended, and when the server wants to know again who is there. */
export function onSession(handlers) {
  ;({ signedOut, stepUp } = handlers)
}

export async function call(method, path, body) {
  let response
  try {
    response = await fetch(`/api/${path}`, {
      method,
      ...(method !== 'GET' && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) }),
    })
  } catch {
    throw new ApiError('network')
  }
  const json = await response.json().catch(() => ({}))
  if (response.ok) return json
  if (json.error === 'signed-out') signedOut()
  throw new ApiError(json.error)
}

/** A change of factors: asks for a second factor when the last one is too long ago. Undefined: the person gave up. */
export async function change(method, path, body) {
  try {
    return await call(method, path, body)
  } catch (error) {
    if (error.code !== 'step-up') throw error
    return (await stepUp()) ? call(method, path, body) : undefined
  }
}
