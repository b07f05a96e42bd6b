import { ProblemError } from './problem.js'
import type { Route } from './route.js'

export interface FoundRoute {
  route: Route
  params: Record<string, string>
}

/** Finds the route of a method and a path below the mount point. */
export class Router {
  /** Paths that are written out come before those with a place for anything. */
  readonly #exact = new Map<string, Route[]>()
  readonly #patterns: { parts: string[]; route: Route }[] = []

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (route.path.includes('{')) this.#patterns.push({ parts: route.path.split('/'), route })
      else this.#exact.set(route.path, [...(this.#exact.get(route.path) ?? []), route])
    }
  }

  /** @throws {ProblemError} where there is none. `HEAD` is a `GET` */
  find(method: string, path: string): FoundRoute {
    const wanted = method === 'HEAD' ? 'GET' : method
    const exact = this.#exact.get(path) ?? []
    const route = exact.find((one) => one.method === wanted)
    if (route) return { route, params: {} }
    const parts = path.split('/')
    const matching = this.#patterns.flatMap((pattern) => {
      const params = match(pattern.parts, parts)
      return params ? [{ route: pattern.route, params }] : []
    })
    const found = matching.filter((one) => one.route.method === wanted).sort(byParams)[0]
    if (found) return found
    const here = [...exact, ...matching.map((one) => one.route)]
    if (here.length === 0) throw new ProblemError('not-found')
    const allow = [...new Set(here.map((one) => one.method))].join(', ')
    throw new ProblemError('method-not-allowed', { headers: { allow } })
  }
}

function match(names: string[], parts: string[]): Record<string, string> | undefined {
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
