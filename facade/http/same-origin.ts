import type { IncomingHttpHeaders } from 'node:http'

import type { RelyingParty } from '../stateless/policy.js'
import type { HeaderReader } from './node-headers.js'
import { ProblemError } from './problem.js'

/**
 * Returns whether a request that changes something is allowed: it is JSON, and comes from a page of this site or from a
 * client that isn't a browser. The handler checks its own requests this way. The host's routes that create, change or
 * end sessions need the same check.
 *
 * @param request a standard `Request`, or that of Node, Express or Fastify
 * @example
 * if (!isOwnRequest(req, rp)) return res.sendStatus(403)
 */
export function isOwnRequest(
  { headers }: { headers: Headers | IncomingHttpHeaders },
  rp: Origins,
): boolean {
  return isSameOriginOf({ headers }, rp, { json: true })
}

/** A standard `Request`, or that of Node, Express or Fastify: what is looked at in it. */
export interface AnyRequest {
  method?: string | undefined
  headers: Headers | IncomingHttpHeaders
}

/** The same without a look at the content type, unless `json` is set: for a form of our own page. */
export function isSameOriginOf(request: AnyRequest, rp: Origins, { json = false } = {}): boolean {
  const headers = headersIn(request)
  return (!json || hasJson(request)) && isSameOrigin(headers.get('origin'), headers.get('sec-fetch-site'), rp)
}

/** Whether the content type of a request is that of JSON. */
export const hasJson = (request: AnyRequest): boolean => isJson(headersIn(request).get('content-type'))

/** The headers of a standard `Request`, or of one of Node, read in the same way. */
export function headersIn({ headers }: AnyRequest): HeaderReader {
  const named = (name: string) => (isHeaders(headers) ? headers.get(name) : headers[name])
  return { get: (name) => [named(name) ?? []].flat().join(', ') || null }
}

/**
 * Whether cookies can be for https alone. With http on localhost beside https, as where a server and a developer's machine share
 * the settings, it is the server that counts.
 */
export function isSecureOn({ origins }: Origins): boolean {
  const plain = origins.filter((origin) => origin.startsWith('http:'))
  return plain.length === 0 || plain.length < origins.length
}

/** Those of a framework may be of a class of its own. */
function isHeaders(headers: AnyRequest['headers']): headers is Headers {
  return typeof headers.get === 'function'
}

/**
 * Returns whether a request that changes something comes from a page of this site, or from no page at all. Browsers say where a request comes
 * from, and no page can forge it; clients that are no browsers say nothing. The list is that of the relying party,
 * since a Host header says whatever a client or a proxy wrote there.
 */
export function isSameOriginRequest(headers: HeaderReader, rp: RelyingParty): boolean {
  return isSameOrigin(headers.get('origin'), headers.get('sec-fetch-site'), rp)
}

/** A form of another site can send text and form data without asking, and never this. */
export function checkJson(headers: HeaderReader): void {
  if (!isJson(headers.get('content-type'))) throw new ProblemError('unsupported-media-type')
}

type Origins = Pick<RelyingParty, 'origins' | 'allowSubdomains' | 'allowAnyPort'>

function isSameOrigin(origin: string | null, site: string | null, rp: Origins): boolean {
  return (origin === null || isOriginOf(rp, origin)) && (site === null || site === 'same-origin')
}

function isJson(type: string | null): boolean {
  return type?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
}

function isOriginOf(rp: Origins, origin: string): boolean {
  if (rp.origins.includes(origin)) return true
  return (rp.allowSubdomains || rp.allowAnyPort) === true && rp.origins.some((own) => isWidely(rp, own, origin))
}

/** The same rules that hold for the origin of a ceremony. */
function isWidely({ allowSubdomains, allowAnyPort }: Origins, own: string, origin: string): boolean {
  if (!URL.canParse(own) || !URL.canParse(origin)) return false
  const [ours, theirs] = [new URL(own), new URL(origin)]
  const subdomain = allowSubdomains === true && theirs.hostname.endsWith(`.${ours.hostname}`)
  return (
    theirs.origin === origin &&
    theirs.protocol === ours.protocol &&
    (theirs.hostname === ours.hostname || subdomain) &&
    (theirs.port === ours.port || allowAnyPort === true)
  )
}
