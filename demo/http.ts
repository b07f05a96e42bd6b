import type { IncomingMessage, ServerResponse } from 'node:http'

const BODY_LIMIT = 64 * 1024

/** Is answered as `{ "error": code }` with this status. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code)
  }
}

export function securityHeaders(response: ServerResponse): void {
  const headers = {
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
      "require-trusted-types-for 'script'; trusted-types 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'publickey-credentials-create=(self), publickey-credentials-get=(self)',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

/** Reads the body, which must be a JSON object. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_LIMIT) throw new HttpError(413, 'too-large')
    chunks.push(chunk)
  }
  const body = parse(Buffer.concat(chunks).toString())
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new HttpError(400, 'not-json')
  return body as Record<string, unknown>
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return
  // The rest of the body isn't read, so the connection can't be used again.
  if (status === 413) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(value))
}

/** Sends a response of `countersign/http`. */
export async function sendResponse(response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(await answer.text())
}

/** Returns a string of the body, of at most `limit` characters. Throws a 400 for anything else. */
export function text(body: Record<string, unknown>, name: string, limit = 255): string {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (typeof value !== 'string' || value.length > limit) throw new HttpError(400, 'invalid')
  return value
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new HttpError(400, 'not-json')
  }
}
