import type { Countersign } from '../../service/countersign.js'
import type { AnyRequest } from '../same-origin.js'
import { checkPluginStore, PluginKeeper } from './plugin-keeper.js'
import type { Plugin, PluginOptions, PluginSignIn } from './plugin-keeper.js'
import { clockOf, limitsOf, sessionsOf } from './sessions.js'
import type { SessionKind, Sessions } from './sessions.js'

/** The sessions of a service, kept in those of a plugin; the handler has to be mounted with `toNodeListener`. */
export function pluginSessions<Where extends AnyRequest>(
  countersign: Countersign,
  options: PluginOptions,
  name: NonNullable<SessionKind<Where, PluginSignIn>['plugin']>,
  plugin: Plugin<Where>,
): Sessions<Where> {
  const now = clockOf(countersign)
  const limits = limitsOf(options)
  const keeper = new PluginKeeper<Where>(plugin, checkPluginStore(options.store), limits, now)
  return sessionsOf<Where, PluginSignIn>(countersign, options, {
    keeper,
    plugin: name,
    whereOf: (_request, context) => Object(context).req as Where,
    requestOf: (where) => where,
  }, ['store'])
}
