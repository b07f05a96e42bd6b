/**
 * The parsed URL, or `undefined` where parsing has changed the path: `/./`, `/x/../`, `/%2e/` and backslashes are
 * resolved by then, and whoever guards a path in front of the handler has seen another one than it would.
 */
export function exactUrl(text: string): ExactUrl | undefined {
  const url = parsed(text)
  const [, path = ''] = /^[A-Za-z][A-Za-z\d+.-]*:\/\/[^/\\?#]*([^?#]*)/.exec(text) ?? []
  return url?.pathname === (path || '/') ? url : undefined
}

/** The same of a path of an origin. Most have nothing that parsing could change. */
export function exactPath(origin: string, path: string): ExactUrl | undefined {
  if (/^\/[\w/-]*$/.test(path)) return { href: origin + path, pathname: path, searchParams: none }
  return path.startsWith('/') ? exactUrl(origin + path) : undefined
}

/** What is looked at of a URL. */
export type ExactUrl = Readonly<Pick<URL, 'href' | 'pathname' | 'searchParams'>>

/** Of what has no query; nobody changes it. */
export const none = new URLSearchParams()

function parsed(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
