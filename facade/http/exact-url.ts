/**
 * The parsed URL, or `undefined` where parsing has changed the path: `/./`, `/x/../`, `/%2e/` and backslashes are
 * resolved by then, and whoever guards a path in front of the handler has seen another one than it would.
 */
export function exactUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const [, path = ''] = /^[A-Za-z][A-Za-z\d+.-]*:\/\/[^/\\?#]*([^?#]*)/.exec(text) ?? []
  return url.pathname === (path || '/') ? url : undefined
}
