import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/**
 * The processor's name, with family and model where Linux tells them: a virtual machine may call all of a maker's processors the
 * same, of which one takes twice the time of another.
 */
export const processorName = () => named(cpus()[0]?.model, existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '')

export function named(name, told) {
  const [family, model] = ['cpu family', 'model'].map((what) => new RegExp(`^${what}\\s*: (\\d+)$`, 'm').exec(told)?.[1])
  return family && model ? `${name} (family ${family}, model ${model})` : name
}
