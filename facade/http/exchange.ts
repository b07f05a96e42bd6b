import type { ExactUrl } from './exact-url.js'
import type { HeaderReader } from './node-headers.js'
import type { AnyContext, Handler } from './options.js'

/** A request, whose body may still be on its way beside it. */
export interface Exchange {
  /** What callbacks get. Under Node it is made as it is looked at: the handler itself reads what stands beside it. */
  request: Request
  method: string
  headers: HeaderReader
  /** Its URL, unless the request says it in a form that parsing changes. */
  url: ExactUrl | undefined
  /** Begins to read the body; `undefined` if there is none. */
  open: () => Chunks | undefined
}

/** A body as it arrives. */
export interface Chunks {
  /** Hands on each chunk, and resolves with `true` at the end of the body, or with `false` where it was told to stop. */
  each(take: Take): Promise<boolean>
  /** Nobody reads on for now. */
  release?(): void
}

/** Takes a chunk; `false` stops for now. */
export type Take = (chunk: Uint8Array) => boolean

/** An answer before it is a `Response`, which Node's server does not need: to make one and to read it costs more than to check a code. */
export interface Reply {
  status: number
  headers: Record<string, string> | Iterable<[name: string, value: string]>
  body: string | Uint8Array<ArrayBuffer> | null
}

/** Answers one exchange. It does not reject. */
export type Exchanger = (exchange: Exchange, context: AnyContext) => Promise<Reply>

const exchangers = new WeakMap<Handler, Exchanger>()

/** A handler of standard requests, which {@link exchangerOf} finds again in what it is made of. */
export function handlerOf(handler: Handler, exchanger: Exchanger): Handler {
  exchangers.set(handler, exchanger)
  return handler
}

/** What a handler is made of; `undefined` for one that a host has wrapped or written. */
export function exchangerOf(handler: Handler): Exchanger | undefined {
  return exchangers.get(handler)
}

/** The same as a standard `Response`. */
export function responseOf({ status, headers, body }: Reply): Response {
  return new Response(body, { status, headers: [...entriesOf(headers)] })
}

export function entriesOf(headers: Reply['headers']): Iterable<[name: string, value: string]> {
  return Symbol.iterator in headers ? headers : Object.entries(headers)
}

/** Headers of an answer, names in lower case. */
export class HeaderList implements Iterable<[name: string, value: string]> {
  readonly #entries: [name: string, value: string][]

  constructor(entries: readonly [name: string, value: string][]) {
    this.#entries = [...entries]
  }

  /** In the place of what has this name. */
  set(name: string, value: string): void {
    const index = this.#entries.findIndex(([one]) => one === name)
    if (index === -1) this.append(name, value)
    else this.#entries[index] = [name, value]
  }

  /** Beside what has this name. */
  append(name: string, value: string): void {
    this.#entries.push([name, value])
  }

  [Symbol.iterator](): Iterator<[name: string, value: string]> {
    return this.#entries[Symbol.iterator]()
  }
}
