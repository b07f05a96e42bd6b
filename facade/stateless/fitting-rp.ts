import { CountersignError } from '../shared/errors.js'

interface Party {
  id: string
  origins: string[]
  allowSubdomains?: boolean
  relatedOrigins?: boolean
}

/**
 * Refuses a relying party whose `id` no page of its `origins` can use: each of its ceremonies would fail in the browser,
 * with an error that doesn't say why. Origins of apps have a scheme of their own, and fit any `id`.
 *
 * @param name what the options call it
 * @throws {CountersignError} `invalid-argument`
 */
export function checkFits(rp: Party, name: string): void {
  if (rp.relatedOrigins || rp.origins.some((origin) => isUsable(origin, rp))) return
  const detail = `${name}.id must be the domain of one of ${name}.origins, or a parent of it (relatedOrigins: true allows others)`
  throw new CountersignError('invalid-argument', { detail })
}

/** Whether pages of an origin, or of its subdomains where they are accepted, can use credentials of an `id`. */
export function isUsable(origin: string, { id, allowSubdomains = false }: Pick<Party, 'id' | 'allowSubdomains'>): boolean {
  if (!isOfWeb(origin)) return true
  if (!URL.canParse(origin)) return false
  const { hostname } = new URL(origin)
  return hostname === id || hostname.endsWith(`.${id}`) || (allowSubdomains && id.endsWith(`.${hostname}`))
}

/** Whether pages have such an origin, rather than apps. */
export function isOfWeb(origin: string): boolean {
  const scheme = origin.slice(0, origin.indexOf(':')).toLowerCase()
  return scheme === 'https' || scheme === 'http'
}
