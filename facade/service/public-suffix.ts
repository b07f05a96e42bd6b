/**
 * Whether a domain of several labels, as browsers write them, is a public suffix: anybody may register domains below it,
 * so browsers give it no credentials. The list is loaded at the first call.
 */
export async function isPublicSuffix(domain: string): Promise<boolean> {
  const { publicSuffixes } = await import('./data/public-suffixes.js')
  const has = (rule: string) => publicSuffixes.includes(` ${rule} `)
  return !has(`!${domain}`) && (has(domain) || has(`*.${domain.slice(domain.indexOf('.') + 1)}`))
}

/**
 * The label before the public suffix of a domain: `example` of `www.example.co.uk`. Browsers count related origins by it
 * (WebAuthn Level 3, 5.11.1).
 */
export async function registrableLabel(domain: string): Promise<string> {
  const labels = domain.split('.')
  for (let at = 1; at < labels.length - 1; at += 1) {
    if (await isPublicSuffix(labels.slice(at).join('.'))) return labels[at - 1] as string
  }
  return labels.at(-2) ?? domain
}
