// Reads the JSON object in a standard `Request`, for servers whose own reader has no limit.

const maxBytes = 4096

/** Resolves with the object, or with `{}` if the body is too large or isn't a JSON object. */
export async function readJson(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > maxBytes) return {}
    chunks.push(chunk)
  }
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString())
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}
