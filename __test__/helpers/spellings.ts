/** How pages write the bytes of a response: each alphabet, padded or not. */
export const spellings: Record<string, (base64url: string) => string> = {
  'base64url': (text) => text,
  'base64url, padded': (text) => padded(text),
  'standard base64, not padded': (text) => standard(text),
  'standard base64, padded': (text) => padded(standard(text)),
}

/** What no page writes, each of a text that {@link canBeSpoilt}. */
export const misspellings: Record<string, (base64url: string) => string> = {
  'both alphabets': (text) => text.replace(/[-_]/, (one) => standard(one)),
  'a blank': (text) => `${text} `,
  'too much padding': (text) => `${padded(text)}=`,
  'padding inside': (text) => `${text.slice(0, 4)}=${text.slice(4)}`,
}

/** Whether a text has a letter of its alphabet to change, and one to keep. */
export const canBeSpoilt = (base64url: string): boolean => (base64url.match(/[-_]/g)?.length ?? 0) > 1

/** A response with its bytes written anew; `only`: of this member alone. */
export function respelt<T extends { id: string; rawId: string; response: object }>(
  sent: T, spell: (base64url: string) => string, only?: string,
): T {
  const write = (name: string, value: unknown) =>
    typeof value === 'string' && (only === undefined || only === name) ? spell(value) : value
  const response = Object.fromEntries(Object.entries(sent.response).map(([name, value]) => [name, write(name, value)]))
  return { ...sent, id: write('id', sent.id), rawId: write('rawId', sent.rawId), response } as T
}

const standard = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/')
const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=')
