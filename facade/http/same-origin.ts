import type { RelyingParty } from '../policy.js'
import { ProblemError } from './problem.js'

/**
 * Refuses a request that changes something and comes from another site's page. Browsers say where a request comes
 * from, and no page can forge it; clients that are no browsers say nothing. The list is that of the relying party,
 * since a Host header says whatever a client or a proxy wrote there.
 */
export function checkSameOrigin(headers: Headers, rp: RelyingParty): void {
  const origin = headers.get('origin')
  const site = headers.get('sec-fetch-site')
  if (origin !== null && !isOriginOf(rp, origin)) throw new ProblemError('wrong-origin')
  if (site !== null && site !== 'same-origin') throw new ProblemError('wrong-origin')
}

/** A form of another site can send text and form data without asking, and never this. */
export function checkJson(headers: Headers): void {
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new ProblemError('unsupported-media-type')
}

function isOriginOf(rp: RelyingParty, origin: string): boolean {
  if (rp.origins.includes(origin)) return true
  return (rp.allowSubdomains || rp.allowAnyPort) === true && rp.origins.some((own) => isWidely(rp, own, origin))
}

/** The same rules that hold for the origin of a ceremony. */
function isWidely({ allowSubdomains, allowAnyPort }: RelyingParty, own: string, origin: string): boolean {
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
