// The JSON object in a standard `Request`, for servers that bring no reader of bodies with a limit.

const maxBytes = 4096

/** `{}` for anything that is no JSON object, or too large. */
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
