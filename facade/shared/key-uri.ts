/** Whether a text is meant as a key URI, and not as a secret. */
export function isKeyUri(text: string): boolean {
  return ['otpauth:', 'steam://'].includes(text.trimStart().slice(0, 8).toLowerCase())
}
