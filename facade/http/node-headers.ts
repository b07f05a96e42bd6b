import type { IncomingHttpHeaders } from 'node:http'

/** `Headers`, or what reads Node's as they would. */
export type HeaderReader = Pick<Headers, 'get'>

/** Reads Node's headers where they are. */
export function readerOf(headers: IncomingHttpHeaders): HeaderReader {
  return {
    get(name) {
      // They inherit from Object.prototype, where anything may have been put.
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined
      return value === undefined ? null : textOf(value)
    },
  }
}

/** As one object: to fill a `Headers` first would copy it all twice. */
export function headersOf(given: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    // HTTP/2's own (`:path`) are no headers.
    if (value === undefined || name.startsWith(':')) continue
    headers[name] = textOf(value)
  }
  return headers
}

const textOf = (value: string | string[]): string => (Array.isArray(value) ? value.join(', ') : value)
