/** Whether the middleware of `express-session` is there by now: it is a function called `session`. */
export function hasExpressSession(app: object): boolean {
  // Express 4 has no router before its first route.
  const { stack = [] } = (['_router', 'router'] as const).map((name) => routerOf(app, name)).find(Boolean) ?? (app as Router)
  return stack.some(({ name }) => name === 'session')
}

interface Router {
  stack?: { name?: string }[]
}

function routerOf(app: object, name: '_router' | 'router'): Router | undefined {
  try {
    return (app as Record<typeof name, Router | undefined>)[name]
  } catch {
    // Express 4 throws for the name that Express 5 has.
    return undefined
  }
}
