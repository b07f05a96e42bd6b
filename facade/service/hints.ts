/**
 * An origin as a warning may show it: only if it parses as one, in at most 255 ASCII characters. Anything else that was
 * sent stays unsaid.
 */
export function shownOrigin(sent: string | null | undefined): string {
  if (sent === 'null') return 'a page without an origin (null)'
  return isShown(sent) || isApp(sent) ? sent : 'an origin that is not shown here'
}

/**
 * Says that a page is at another origin than those of the relying party, and what to do about it.
 *
 * @param sent what the browser says; untrusted
 * @param origins `rp.origins`, or the facets of U2F
 * @param rpId `rp.id`, unless the browser has compared the page with it
 */
export function originHint(
  sent: string | null | undefined, origins: readonly string[], { list = 'rp.origins', rpId }: { list?: string; rpId?: string } = {},
): string {
  if (sent === 'null') {
    return `The page has no origin (null), but ${list} is ${origins.join(', ')}. Browsers say so in sandboxed frames, and where Referrer-Policy is ` +
      "no-referrer: open the page itself, at one of these, and send the policy same-origin or strict-origin-when-cross-origin. Otherwise, another site sends requests here."
  }
  if (isApp(sent)) {
    return `The app's origin is ${sent}, but ${list} is ${origins.join(', ')}. If that app is yours, add ${sent} to ${list}. ` +
      'If it is not, another app sends requests here.'
  }
  const both = `The page is at ${shownOrigin(sent)}, but ${list} is ${origins.join(', ')}. `
  return both + (isShown(sent) ? remedy(new URL(sent), origins, list, rpId) : `Open the page at one of ${list}.`)
}

function remedy(page: URL, origins: readonly string[], list: string, rpId: string | undefined): string {
  const ours = origins.flatMap((origin) => (URL.canParse(origin) ? [new URL(origin)] : []))
  const local = ours.find(({ hostname }) => isLocalhost(hostname))
  if (local && isLoopback(page.hostname)) {
    return `Open it at ${local.protocol}//${local.hostname}${port(page)} instead: browsers don't allow IP addresses for WebAuthn` +
      (page.port === local.port ? '.' : `, and add that to ${list}.`)
  }
  if (isAddress(page.hostname)) {
    return `Open the page at one of ${list} instead: browsers don't allow IP addresses for WebAuthn.`
  }
  const dotless = page.origin.replace(/\.(:\d+)?$/, '$1')
  if (dotless !== page.origin && origins.includes(dotless)) return `Open it at ${dotless} instead, without the dot at the end of the domain.`
  const same = ours.filter(({ hostname }) => hostname === page.hostname)
  if (same.some(({ protocol }) => protocol === page.protocol)) {
    return `If a development proxy serves the page, add ${page.origin} to ${list}, or set rp.allowAnyPort there.`
  }
  if (page.protocol === 'http:' && !isLocalhost(page.hostname)) {
    const secure = `https://${page.host}`
    if (same.length > 0 || origins.includes(secure)) return `Open it with https: instead of http:. Browsers allow http: for localhost only.`
    return `If that page is yours, serve it with https: and add ${secure} to ${list}: browsers allow http: for localhost only. ` +
      'If it is not, another site sends requests here.'
  }
  if (rpId !== undefined && !isOf(rpId, page.hostname)) {
    if (isLocalhost(page.hostname)) {
      return `If that is your development server, open the service there with rp.id '${page.hostname}' and add ${page.origin} to ${list}: ` +
        `with ${rpId}, browsers refuse passkeys at that page.`
    }
    const parent = isOf(page.hostname, rpId) ? `use ${page.hostname} as rp.id before anyone has a passkey, or ` : ''
    return `If that page is yours, ${parent}redirect it to one of ${list}: at ${page.hostname}, browsers refuse passkeys of ${rpId}. For codes alone, ` +
      `or with relatedOrigins: true, add ${page.origin} to ${list}. If it is not yours, another site sends requests here.`
  }
  if (same.length > 0) return `Open it with ${same[0]!.protocol} instead of ${page.protocol}, or add ${page.origin} to ${list}.`
  return `If that page is yours, add ${page.origin} to ${list}. If it is not, another site sends requests here.`
}

function isShown(sent: string | null | undefined): sent is string {
  if (typeof sent !== 'string' || sent.length > 255 || !URL.canParse(sent)) return false
  const { protocol, origin } = new URL(sent)
  // Written anew, it is ASCII without anything beside scheme, host and port.
  return (protocol === 'https:' || protocol === 'http:') && origin === sent
}

/** The origin of an Android app (its certificate's hash, by SHA-1 or SHA-256), an iOS app (its bundle id), or an app's own scheme. */
function isApp(sent: string | null | undefined): sent is string {
  if (typeof sent !== 'string' || sent.length > 255) return false
  const [, hash = ''] = /^android:apk-key-hash(?:-sha256)?:([\w-]+)$/.exec(sent) ?? []
  const [, bundle = ''] = /^ios:bundle-id:([\d.A-Za-z-]+)$/.exec(sent) ?? []
  const labels = bundle.split('.')
  // Of web views and extensions.
  if (/^[a-z][\d+.a-z-]*:\/\/[\d.a-z-]+(?::\d+)?$/.test(sent) && !/^(?:https?|wss?|ftp|file|data|blob|javascript):/.test(sent)) return URL.canParse(sent)
  return hash.length === 27 || hash.length === 43 || (labels.length > 1 && labels.every((label) => label !== ''))
}

/** Whether pages of a host may use an RP ID. */
const isOf = (rpId: string, hostname: string) => hostname === rpId || hostname.endsWith(`.${rpId}`)

const isLocalhost = (hostname: string) => hostname === 'localhost' || hostname.endsWith('.localhost')

const isLoopback = (hostname: string) => /^(?:127\.[\d.]+|\[::1\]|0\.0\.0\.0)$/.test(hostname)

const isAddress = (hostname: string) => /^(?:[\d.]+|\[.*\])$/.test(hostname)

const port = (url: URL) => (url.port === '' ? '' : `:${url.port}`)

/** Says that a wrong code is right at another time. `drift`: in steps of the app; `at`: epoch milliseconds. */
export function clockHint(drift: number, at: number): string {
  const steps = `${Math.abs(drift)} ${Math.abs(drift) === 1 ? 'step' : 'steps'}`
  const where = drift < 0 ? 'earlier' : 'later'
  return `A wrong code would have been right ${steps} (usually of 30 seconds) ${where} than this server's time, ` +
    `${new Date(at).toISOString()}. Either the phone's clock is off, or the server's: set the server's by NTP, and the ` +
    "phone's to automatic. If someone typed an old code again, nothing is wrong."
}

/** Says that browsers refuse an `rp.id`. */
export function suffixHint(id: string): string {
  return `rp.id is ${id}, a public suffix: anyone can register domains below it, so browsers refuse it for WebAuthn. Use ` +
    `your own domain, such as example.${id}.`
}

export const auditHint =
  'The audit store failed or is too slow, and entries are missing in the log. The next entry of each user says how many. See ' +
  'what append() of the store throws, or open the service with a log that is required'
