// The file `.google_authenticator` of libpam-google-authenticator: the secret, options behind quotes, scratch codes.

/** Whether a text is such a file and not a secret or a list of them. */
export function isLibpam(text: string): boolean {
  const [secret = '', ...rest] = linesOf(text)
  return /^[2-7A-Za-z]+=*$/.test(secret) && rest.some((line) => line.startsWith('" ')) && rest.every((line) => isOption(line) || isCode(line))
}

/** The row of its app, as the readers of secrets take it, and its codes, each of which is accepted once. */
export function fromLibpam(text: string): { row: object; codes: string[] } | undefined {
  if (!isLibpam(text)) return undefined
  const [secret, ...rest] = linesOf(text)
  const options = rest.filter(isOption).map((line) => line.split(/\s+/))
  const value = (name: string) => options.find(([, of]) => of === name)?.[2]
  const counts = options.some(([, of]) => of === 'HOTP_COUNTER')
  const row = {
    type: counts ? 'hotp' : 'totp', secret, encoding: 'base32', algorithm: 'SHA1', digits: 6,
    period: value('STEP_SIZE') ?? 30, drift: value('TIME_SKEW') ?? 0,
  }
  return { row, codes: rest.filter(isCode) }
}

const linesOf = (text: string) => (text.length > 65_536 ? [] : text.split('\n').map((line) => line.trim()).filter((line) => line !== ''))

const isOption = (line: string) => line.startsWith('" ')

const isCode = (line: string) => /^\d{8}$/.test(line)
