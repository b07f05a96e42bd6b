import { invalid, listOf, object, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { registrableLabel } from '../service/public-suffix.js'
import { isOfWeb, isUsable } from '../stateless/fitting-rp.js'
import { checkUsableRp } from '../service/usable-rp.js'
import type { RelyingParty } from '../stateless/policy.js'
import type { Handler } from './options.js'

/** Options of {@link wellKnown}. Addresses of pages are absolute `https` URLs (`http` on localhost). */
export interface WellKnownOptions {
  /** The relying party of the service or of the handler. */
  rp: RelyingParty
  /** The origins outside the domain `rp.id` whose pages may use its credentials. Default: those of `rp.origins`. */
  relatedOrigins?: string[]
  /** The page where signed-in people add a passkey. */
  enroll?: string
  /** The page where they manage their passkeys. */
  manage?: string
  /** A page that says what passkeys encrypt here, for sites that use PRF. */
  prfUsageDetails?: string
}

/** The addresses that {@link wellKnown} answers, both on the domain `rp.id`. */
export const wellKnownPaths: readonly ['/.well-known/webauthn', '/.well-known/passkey-endpoints'] = Object.freeze([
  '/.well-known/webauthn',
  '/.well-known/passkey-endpoints',
])

/** Browsers must take at least this many labels, and those of today take no more (WebAuthn Level 3, 5.11.1). */
const most = 5

/**
 * Answers the two documents that browsers and password managers read on the domain `rp.id`:
 * `/.well-known/webauthn`, the related origins (WebAuthn Level 3, 5.11), and `/.well-known/passkey-endpoints`, the pages
 * for adding and managing passkeys. A document without content is 404, like every other path. Nothing in them is secret.
 *
 * If the origins have more than five labels (`example` of `example.com` and `example.co.uk` is one), browsers ignore
 * the last ones. A process warning then names them.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option
 *
 * @example
 * app.get([...wellKnownPaths], toNodeListener(wellKnown({ rp, manage: 'https://example.com/settings/security' })))
 */
export function wellKnown(options: WellKnownOptions): Handler {
  const { rp, relatedOrigins, ...endpoints } = checkOptions(options, '')
  const related = relatedOrigins ?? rp.origins.filter((origin) => isOfWeb(origin) && !isUsable(origin, { id: rp.id }))
  for (const [index, origin] of related.entries()) checkRelated(origin, rp, `relatedOrigins[${index}]`)
  void warnOfLabels(related)
  const documents: Record<string, string | undefined> = {
    '/.well-known/webauthn': related.length > 0 ? JSON.stringify({ origins: related }) : undefined,
    '/.well-known/passkey-endpoints': Object.keys(endpoints).length > 0 ? JSON.stringify(endpoints) : undefined,
  }
  return (request) => Promise.resolve(answer(request, documents))
}

function answer(request: Request, documents: Record<string, string | undefined>): Response {
  if (typeof request?.headers?.get !== 'function') throw invalid('request')
  const { pathname } = new URL(request.url)
  const document = Object.hasOwn(documents, pathname) ? documents[pathname] : undefined
  if (document === undefined) return new Response(null, { status: 404 })
  const { method } = request
  if (method !== 'GET' && method !== 'HEAD') return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } })
  return new Response(method === 'HEAD' ? null : document, { status: 200, headers })
}

const headers = {
  'content-type': 'application/json',
  'cache-control': 'public, max-age=3600',
  'x-content-type-options': 'nosniff',
}

const page: Check<string> = (value, name) => {
  const address = text(2048)(value, name)
  const { protocol, hostname } = URL.canParse(address) ? new URL(address) : { protocol: '', hostname: '' }
  if (protocol !== 'https:' && !(protocol === 'http:' && hostname === 'localhost')) throw invalid(name, 'an absolute https URL')
  return address
}

const checkOptions = object<WellKnownOptions>({
  rp: checkUsableRp,
  relatedOrigins: optional(listOf(text(2048), { max: 100 })),
  enroll: optional(page),
  manage: optional(page),
  prfUsageDetails: optional(page),
})

/** The service accepts only what is among its own origins, so another one here would fail after the browser has asked. */
function checkRelated(origin: string, rp: RelyingParty, name: string): void {
  if (!isOfWeb(origin) || !rp.origins.includes(origin)) throw invalid(name, 'one of rp.origins that begins with https:')
}

async function warnOfLabels(origins: string[]): Promise<void> {
  const kept = new Set<string>()
  const ignored: string[] = []
  for (const origin of origins) {
    const label = await registrableLabel(new URL(origin).hostname)
    if (kept.has(label) || kept.size < most) kept.add(label)
    else ignored.push(origin)
  }
  if (ignored.length === 0) return
  process.emitWarning(
    `Browsers accept related origins of ${most} labels, and ignore ${ignored.join(', ')} in /.well-known/webauthn`,
    'CountersignWarning',
  )
}
