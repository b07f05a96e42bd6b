/**
 * Whether a domain of several labels, as browsers write them, is a public suffix: anybody may register domains below it,
 * so browsers give it no credentials. The list is loaded at the first call.
 */
export async function isPublicSuffix(domain: string): Promise<boolean> {
  const { publicSuffixes } = await import('./data/public-suffixes.js')
  const has = (rule: string) => publicSuffixes.includes(` ${rule} `)
  return !has(`!${domain}`) && (has(domain) || has(`*.${domain.slice(domain.indexOf('.') + 1)}`))
}
