import { object } from '../shared/check.js'
import type { Check, Shape } from '../shared/check.js'
import { isCountersignError } from '../shared/errors.js'
import type { Deadline } from './deadline.js'
import type { Chunks, Take } from './exchange.js'
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
  return reader && { each: (take) => eachOf(reader, take), release: () => reader.releaseLock() }
}

async function eachOf(reader: ReadableStreamDefaultReader<Uint8Array>, take: Take): Promise<boolean> {
  for (;;) {
    const { value } = await reader.read()
    if (!value) return true
    if (!take(value)) return false
  }
}

/** The body, one JSON object of at most {@link maxBody} bytes that arrives in time; an empty body is `{}`. */
export async function readBody(headers: HeaderReader, open: () => Chunks | undefined, deadline: Deadline): Promise<object> {
  if (Number(headers.get('content-length')) > maxBody) throw unread('payload-too-large')
  const chunks = begun(open)
  const body = parse(chunks ? await readAll(chunks, deadline) : [])
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ProblemError('malformed-request')
  return body
}

function begun(open: () => Chunks | undefined): Chunks | undefined {
  try {
    return open()
  } catch {
    // Somebody else reads it.
    throw new ProblemError('malformed-request')
  }
}

function readAll(chunks: Chunks, deadline: Deadline): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const read: Uint8Array[] = []
    let size = 0
    const end = () => {
      deadline.end(running)
      try {
        chunks.release?.()
      } catch {
        // Bun keeps a reader that still waits. In a timer, nobody would catch this.
      }
    }
    const running = deadline.begin(() => {
      end()
      reject(unread('request-timeout'))
    })
    const take = (chunk: Uint8Array) => {
      size += chunk.length
      read.push(chunk)
      return size <= maxBody
    }
    chunks.each(take).then((whole) => {
      end()
      if (whole) resolve(read)
      else reject(unread('payload-too-large'))
    }, () => {
      end()
      // The client went away, or somebody else has read the body.
      reject(new ProblemError('malformed-request'))
    })
  })
}

/** The rest of the body stays unread, so this connection can't carry another request. */
function unread(name: 'payload-too-large' | 'request-timeout'): ProblemError {
  return new ProblemError(name, { headers: { connection: 'close' } })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parse(chunks: Uint8Array[]): unknown {
  try {
    // Of a stream with an encoding they are texts, and refused here.
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    return bytes.length === 0 ? {} : JSON.parse(utf8.decode(bytes))
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
