import { object } from '../shared/check.js'
import type { Check, Shape } from '../shared/check.js'
import { isCountersignError } from '../shared/errors.js'
import type { Chunks } from './exchange.js'
import type { HeaderReader } from './node-headers.js'
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

/** The check of a body, made once for each route. What else is in a body is ignored, so that later clients may say more. */
export function bodyCheck<T extends object>(members: Members<T>): (body: object) => T {
  const all = Object.entries<Member<unknown>>(members)
  const required = all.filter(([, member]) => member.required).map(([name]) => name)
  const shape = Object.fromEntries(all.map(([name, { check }]) => [name, named(check)]))
  const check = object<T>(shape as unknown as Shape<T>, { others: true })
  return (body) => {
    const missing = required.find((name) => !Object.hasOwn(body, name))
    if (missing !== undefined) throw new ProblemError('malformed-request', { detail: missing })
    return check(body, '')
  }
}

/** The body of a standard request; not cancelled at the end: that would cut the connection of some servers before the answer is out. */
export function chunksOf({ body }: Request): Chunks | undefined {
  const reader = body?.getReader()
  return reader && { next: () => reader.read(), release: () => reader.releaseLock() }
}

/** The body, one JSON object of at most {@link maxBody} bytes that arrives in time; an empty body is `{}`. */
export async function readBody(headers: HeaderReader, open: () => Chunks | undefined, milliseconds: number): Promise<object> {
  if (Number(headers.get('content-length')) > maxBody) throw unread('payload-too-large')
  const bytes = await readBytes(open, milliseconds).catch((error: unknown) => {
    // The client went away, or somebody else has read the body.
    throw error instanceof ProblemError ? error : new ProblemError('malformed-request')
  })
  if (bytes.length === 0) return {}
  const body = parse(bytes)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ProblemError('malformed-request')
  return body
}

async function readBytes(open: () => Chunks | undefined, milliseconds: number): Promise<Uint8Array> {
  const chunks = open()
  if (!chunks) return new Uint8Array()
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      try {
        chunks.release?.()
      } catch {
        // Bun keeps a reader that still waits. In a timer, nobody would catch this.
      }
    }
    const timer = setTimeout(() => {
      end()
      reject(unread('request-timeout'))
    }, milliseconds)
    readAll(chunks).finally(end).then(resolve, reject)
  })
}

async function readAll(chunks: Chunks): Promise<Uint8Array> {
  const read: Uint8Array[] = []
  let size = 0
  for (let chunk = await chunks.next(); chunk.value; chunk = await chunks.next()) {
    size += chunk.value.length
    if (size > maxBody) throw unread('payload-too-large')
    read.push(chunk.value)
  }
  return read.length === 1 ? read[0]! : Buffer.concat(read)
}

/** The rest of the body stays unread, so this connection can't carry another request. */
function unread(name: 'payload-too-large' | 'request-timeout'): ProblemError {
  return new ProblemError(name, { headers: { connection: 'close' } })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
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
