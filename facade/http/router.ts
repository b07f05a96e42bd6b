import { ProblemError } from './problem.js'
import type { Route } from './route.js'

export interface FoundRoute {
  route: Route
  params: Record<string, string>
}

/** The route of a method and a path below the mount point, or a problem. `HEAD` is a `GET`. */
export function findRoute(routes: readonly Route[], method: string, path: string): FoundRoute {
  const here = routes.flatMap((route) => {
    const params = match(route.path, path)
    return params ? [{ route, params }] : []
  })
  const wanted = method === 'HEAD' ? 'GET' : method
  // A path that is written out comes before one with a place for anything.
  const [found] = here.filter(({ route }) => route.method === wanted).sort(byParams)
  if (found) return found
  if (here.length === 0) throw new ProblemError('not-found')
  const allow = [...new Set(here.map(({ route }) => route.method))].join(', ')
  throw new ProblemError('method-not-allowed', { headers: { allow } })
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const [names, parts] = [pattern.split('/'), path.split('/')]
  if (names.length !== parts.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? ''
    if (!name.startsWith('{')) {
      if (name !== part) return undefined
      continue
    }
    const value = decoded(part)
    if (value === undefined || value === '') return undefined
    params[name.slice(1, -1)] = value
  }
  return params
}

function byParams(a: FoundRoute, b: FoundRoute): number {
  return Object.keys(a.params).length - Object.keys(b.params).length
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
