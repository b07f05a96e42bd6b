import type { HeaderReader } from './node-headers.js'
import { ProblemError } from './problem.js'

/** What a request is made of: its method as it was sent, its whole URL, and its headers. */
export interface RequestParts {
  method: string
  url: string
  /** Called once, by whoever looks at the headers first. */
  headers: () => Record<string, string>
  /** Reads single ones. */
  reader: HeaderReader
}

/**
 * A `Request` without a body, whose parts are made when somebody looks at them. To make all of one takes Node longer than to check a
 * code, and a callback that also gets Node's own request seldom looks.
 *
 * It has every member of a `Request` and is an `instanceof` it. Only what looks behind the members, `new Request(request)` and
 * `fetch(request)`, needs a `request.clone()`.
 *
 * Of parts that no `Request` can have, the first look throws the problem `malformed-request`.
 */
export function lateRequest(parts: RequestParts): Request {
  return new LateRequest(parts) as unknown as Request
}

/** Reads headers of a late request where they are; `undefined` for any other one. */
export function lateReader(request: object): HeaderReader | undefined {
  return LateRequest.reader(request)
}

class LateRequest {
  readonly #parts: RequestParts
  #headers: Headers | undefined
  #whole: Request | undefined

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  static reader(request: object): HeaderReader | undefined {
    // Once there are some, somebody may have changed them.
    return #parts in request ? request.#headers ?? request.#parts.reader : undefined
  }

  get method(): string {
    const { method } = this.#parts
    return asSent.has(method) ? method : this.whole().method
  }

  get url(): string {
    return this.#parts.url
  }

  get headers(): Headers {
    return (this.#headers ??= made(() => new Headers(this.#parts.headers())))
  }

  whole(): Request {
    const { method, url } = this.#parts
    return (this.#whole ??= made(() => new Request(url, { method, headers: this.headers })))
  }
}

/** Methods that a `Request` leaves as they are. */
const asSent = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

function made<T>(make: () => T): T {
  try {
    return make()
  } catch {
    throw new ProblemError('malformed-request')
  }
}

// The other members are those of the whole.
for (const name of Reflect.ownKeys(Request.prototype)) {
  if (name in LateRequest.prototype) continue
  const { get, value } = Object.getOwnPropertyDescriptor(Request.prototype, name)!
  if (get) define(name, { get(this: LateRequest) { return Reflect.get(this.whole(), name) } })
  else if (typeof value !== 'function') define(name, { value })
  else define(name, { value(this: LateRequest, ...args: unknown[]) { return Reflect.apply(value as (...args: unknown[]) => unknown, this.whole(), args) } })
}
Object.setPrototypeOf(LateRequest.prototype, Request.prototype)

function define(name: string | symbol, property: PropertyDescriptor): void {
  Object.defineProperty(LateRequest.prototype, name, { configurable: true, enumerable: false, ...property })
}
