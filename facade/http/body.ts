import { object } from '../shared/check.js'
import type { Check, Shape } from '../shared/check.js'
import { isCountersignError } from '../shared/errors.js'
import { ProblemError } from './problem.js'
import type { Schema } from './schemas.js'

/** Bytes: more than any answer or response that the service takes. */
export const maxBody = 65_536

/** A member of a body: what the document says of it, and the check that holds it to that. */
export interface Member<T> {
  schema: Schema
  check: Check<T>
  required: boolean
}

export type Members<T> = { [K in keyof T]-?: Member<unknown> }

/** The checked members of a body; what else is in it is ignored, so that later clients may say more. */
export function checkBody<T extends object>(members: Members<T>, body: object): T {
  for (const [name, { required }] of Object.entries<Member<unknown>>(members)) {
    if (required && !Object.hasOwn(body, name)) throw new ProblemError('malformed-request', { detail: name })
  }
  const shape = Object.fromEntries(
    Object.entries<Member<unknown>>(members).map(([name, { check }]) => [name, named(check)]),
  )
  return object<T>(shape as unknown as Shape<T>, { others: true })(body, '')
}

/** The body, one JSON object of at most {@link maxBody} bytes that arrives in time; an empty body is `{}`. */
export async function readBody(request: Request, milliseconds: number): Promise<object> {
  const bytes = await readBytes(request, milliseconds).catch((error: unknown) => {
    // The client went away, or somebody else has read the body.
    throw error instanceof ProblemError ? error : new ProblemError('malformed-request')
  })
  if (bytes.length === 0) return {}
  const body = parse(bytes)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ProblemError('malformed-request')
  return body
}

async function readBytes(request: Request, milliseconds: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length')) > maxBody) throw unread('payload-too-large')
  if (!request.body) return new Uint8Array()
  const reader = request.body.getReader()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unread('request-timeout')), milliseconds)
  })
  try {
    return await Promise.race([readAll(reader), late])
  } finally {
    clearTimeout(timer)
    // Not cancelled: that would cut the connection of some servers before the answer is out.
    reader.releaseLock()
  }
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    size += chunk.value.length
    if (size > maxBody) throw unread('payload-too-large')
    chunks.push(chunk.value)
  }
  return Buffer.concat(chunks)
}

/** The rest of the body stays unread, so this connection can't carry another request. */
function unread(name: 'payload-too-large' | 'request-timeout'): ProblemError {
  return new ProblemError(name, { headers: { connection: 'close' } })
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new ProblemError('malformed-request')
  }
}

/** A client's mistake, where the same check on an argument of the host throws an error. */
function named(check: Check<unknown>): Check<unknown> {
  return (value, name) => {
    try {
      return check(value, name)
    } catch (error) {
      if (!isCountersignError(error, 'invalid-argument')) throw error
      throw new ProblemError('malformed-request', { detail: name })
    }
  }
}
