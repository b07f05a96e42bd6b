import { ifGiven, integer, invalid, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { HandlerOptions } from '../http/options.js'
import type { OpenOptions } from '../service/options.js'
import type { Store } from '../stores/traits.js'
import type { Account } from './types.js'

type MaybePromise<T> = T | Promise<T>

/** Options of the plugin: those of `Countersign.open()`, and those below. */
export interface CountersignPluginOptions extends Omit<OpenOptions, 'store'> {
  /** Where factors are kept. Default: three tables in the database of better-auth. */
  store?: Store
  /**
   * The page that asks for the second factor: a path or URL. Sign-ins that are a navigation (OAuth, links, forms) are
   * sent there; others answer `{ secondFactorRequired: true }`.
   */
  page: string
  /** Whether a user without a factor must enrol one before there is a session. Default false. */
  required?: boolean | ((user: Account) => MaybePromise<boolean>)
  /** How many seconds a sign-in may stay pending, 60 to 3600. Default 600. */
  pendingSeconds?: number
  /** As in `createHandler`. Default 300. */
  freshSeconds?: number
  /** As in `createHandler`. Default false. */
  conditionalCreate?: boolean
  /** As in `createHandler`: decides about requests of administrators. Default: nobody is one. */
  admin?: HandlerOptions['admin']
  /** As in `createHandler`. Default: the logger of better-auth. */
  onError?: (error: unknown) => void
  /**
   * Paths of further endpoints that create sessions without the second factor, such as `/sso/callback/:providerId` for a
   * provider that has asked for one. `/admin/impersonate-user` always may. Default none.
   */
  exempt?: readonly string[]
}

/** The options, taken apart and with defaults. */
export interface PluginSettings {
  open: Omit<OpenOptions, 'store'>
  store?: Store
  page: string
  required: (user: Account) => MaybePromise<boolean>
  pendingMilliseconds: number
  freshSeconds: number
  conditionalCreate: boolean
  admin?: HandlerOptions['admin']
  onError?: (error: unknown) => void
  exempt: readonly string[]
}

/** @throws CountersignError `invalid-argument`, naming the option */
export function checkPluginOptions(options: CountersignPluginOptions): PluginSettings {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'an object { rp, page, ... }')
  const { store, page, required, pendingSeconds, freshSeconds, conditionalCreate, admin, onError, exempt, ...open } = options
  const own = { page, required, pendingSeconds, freshSeconds, exempt, onError }
  const checked = checkOwn(Object.fromEntries(Object.entries(own).filter(([name]) => Object.hasOwn(options, name))), '')
  return {
    open,
    ...(store && { store }),
    page: checked.page,
    required: typeof required === 'function' ? required : () => required ?? false,
    pendingMilliseconds: (checked.pendingSeconds ?? 600) * 1000,
    freshSeconds: checked.freshSeconds ?? 300,
    conditionalCreate: conditionalCreate ?? false,
    ...(admin && { admin }),
    ...(onError && { onError }),
    exempt: checked.exempt ?? [],
  }
}

const checkPage: Check<string> = (value, name) => {
  const isPath = (page: string) => page.startsWith('/') && page[1] !== '/' && page[1] !== '\\'
  const isUrl = (page: string) => /^https?:/.test(page) && URL.canParse(page)
  if (typeof value !== 'string' || !(isPath(value) || isUrl(value))) throw invalid(name, 'a path such as /two-step, or a URL')
  return value
}

const checkExempt: Check<readonly string[]> = (value, name) => {
  if (!Array.isArray(value) || !value.every((path) => typeof path === 'string' && path.startsWith('/'))) {
    throw invalid(name, "a list of paths of better-auth's endpoints, such as ['/sso/callback/:providerId']")
  }
  return [...(value as string[])]
}

const checkBoolean: Check<CountersignPluginOptions['required']> = (value, name) => {
  if (typeof value !== 'boolean' && typeof value !== 'function') throw invalid(name, 'true, false or a function of a user')
  return value as boolean
}

const checkCall: Check<(error: unknown) => void> = (value, name) => {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as () => void
}

const checkOwn = object<{
  page: string
  required?: CountersignPluginOptions['required']
  pendingSeconds?: number
  freshSeconds?: number
  exempt?: readonly string[]
  onError?: (error: unknown) => void
}>({
  page: checkPage,
  required: ifGiven(checkBoolean, 'if nobody needs a factor') as never,
  pendingSeconds: optional(integer(60, 3600)),
  freshSeconds: optional(integer(1, 86_400)),
  exempt: optional(checkExempt),
  onError: optional(checkCall),
})
