import { targets } from '../../targets.mjs'
import { CommandFailed } from '../run.mjs'

/** The targets that were named, or all of them. */
export function chosen(names) {
  const unknown = names.find((name) => !targets.some((target) => target.name === name))
  if (unknown !== undefined) throw new CommandFailed(`there is no target ${unknown}; there are ${targets.map(({ name }) => name).join(', ')}`)
  return targets.filter(({ name }) => names.length === 0 || names.includes(name))
}
