/**
 * The parsed URL, or `undefined` where parsing has changed the path: `/./`, `/x/../`, `/%2e/` and backslashes are
 * resolved by then, and whoever guards a path in front of the handler has seen another one than it would.
 */
export function exactUrl(text: string): URL | undefined {
  const url = parsed(text)
  const [, path = ''] = /^[A-Za-z][A-Za-z\d+.-]*:\/\/[^/\\?#]*([^?#]*)/.exec(text) ?? []
  return url?.pathname === (path || '/') ? url : undefined
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
