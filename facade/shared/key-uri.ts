/** Whether a text is meant as a key URI or another link of an app, and not as a secret. */
export function isKeyUri(text: string): boolean {
  const start = text.trimStart().slice(0, 32).toLowerCase()
  return ['otpauth:', 'apple-otpauth:', 'otpauth-migration:', 'steam://', 'motp://'].some((scheme) => start.startsWith(scheme))
}
