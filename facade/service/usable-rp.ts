import { invalid, isFitForName } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { CountersignError } from '../shared/errors.js'
import { checkFits, isOfWeb } from '../stateless/fitting-rp.js'
import { checkRp } from '../stateless/policy.js'
import type { RelyingParty } from '../stateless/policy.js'

/**
 * A relying party that browsers can work with, of a service, a handler or a call. Each of these mistakes would show at
 * the first ceremony only, in a browser, with an error that names none of them.
 */
export const checkUsableRp: Check<RelyingParty> = (value, name) => {
  const rp = checkRp(value, name)
  if (!/^[a-z\d.-]+$/.test(rp.id)) throw invalid(`${name}.id`)
  if (/^[\d.]+$/.test(rp.id)) throw refused(`${name}.id must be a domain, such as example.com: browsers don't allow IP addresses`)
  if (!rp.id.includes('.') && rp.id !== 'localhost') {
    throw refused(`${name}.id must be a domain with a dot, such as example.com, or localhost`)
  }
  if (!isFitForName(rp.name)) throw refused(`${name}.name must not contain control, bidirectional control or tag characters`)
  for (const [index, origin] of rp.origins.entries()) checkSent(origin, `${name}.origins[${index}]`)
  checkFits(rp, name)
  return rp
}

/** The issuer that phone apps show: it stands before a colon in a key URI. */
export function checkIssuer(issuer: string, name: string): void {
  // Only invisible characters are blank, too.
  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(issuer) || Buffer.byteLength(issuer) > 255) {
    throw refused(`${name} must not be blank or longer than 255 bytes, because phone apps show it as the issuer (see totp.issuer)`)
  }
  if (issuer.includes(':') || !isFitForName(issuer)) {
    throw refused(`${name} must not contain a colon, or control, bidirectional control or tag characters, because phone apps show it as the issuer (see totp.issuer)`)
  }
}

/** An origin of the web has to be as browsers send it. Those of apps have a scheme of their own. */
function checkSent(origin: string, name: string): void {
  if (!origin.includes(':')) throw refused(`${name} must begin with https:, or with the scheme of an app`)
  const scheme = origin.slice(0, origin.indexOf(':')).toLowerCase()
  if (['ws', 'wss', 'ftp', 'file', 'data', 'blob', 'about', 'javascript', 'mailto'].includes(scheme)) {
    throw refused(`${name} must begin with https:, or with the scheme of an app: no page has an origin with ${scheme}:`)
  }
  const [, app] = /^android:apk-key-hash(?:-sha256)?:(.*)$/s.exec(origin) ?? []
  if (app !== undefined && !(/^[\w-]+$/.test(app) && [27, 43].includes(app.length))) {
    throw refused(`${name} must end with the SHA-256 hash of the app's signing certificate as Android sends it: in base64url, without padding (43 characters), not in hexadecimal`)
  }
  if (/^[a-z][a-z\d+.-]*:\/\/[^/]*\//.test(origin) && !isOfWeb(origin)) {
    throw refused(`${name} must be an origin as apps and extensions send it: without a path or trailing slash`)
  }
  if (!isOfWeb(origin)) return
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || url.origin !== origin || url.port === '0') {
    throw refused(`${name} must be an origin as browsers send it, such as https://example.com: lower case, without the default port, without a path or trailing slash`)
  }
  const isLocal = url.hostname === 'localhost' || url.hostname.endsWith('.localhost')
  if (url.protocol === 'http:' && !isLocal) {
    throw refused(`${name} must begin with https: (browsers allow http: for localhost only)`)
  }
}

function refused(detail: string): CountersignError {
  return new CountersignError('invalid-argument', { detail })
}
