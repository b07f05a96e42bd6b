import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** What Linux says of the processors; nothing elsewhere. */
export const processorInfo = () => (existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '')

/** What it says of the first one, such as its `flags`. */
export const fieldOf = (info, name) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(info)?.[1]

/**
 * The processor's name, with family and model if they are known: a virtual machine may call all of a maker's processors the
 * same, of which one takes twice the time of another.
 */
export function processorName(name = cpus()[0]?.model, info = processorInfo()) {
  const [family, model] = [fieldOf(info, 'cpu family'), fieldOf(info, 'model')]
  return family && model ? `${name} (family ${family}, model ${model})` : name
}
