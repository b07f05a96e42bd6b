import type { Command } from 'commander'

/** Options of the library that one of the command line has another name for. */
const others: Partial<Record<string, string>> = { 'rp.name': 'issuer', version: 'otplib' }

/**
 * A message of the library for the person who typed the command. The library names its own options, as programs pass them: `create`,
 * `limits.lockSeconds`. The person typed `--create` and `--lock-seconds`.
 *
 * @param command the one that was run
 */
export function asTyped(message: string, command: Command): string {
  return message
    .replace(/ \(the option `?create`? makes it\)$/, creates(command) ? ' (--create makes it)' : '')
    // There is none here.
    .replace(/, or the option synchronous$/, '')
    .replace(/^Invalid argument: ([\w.]+) /, (whole, name: string) => {
      const flag = flagOf(name, command)
      return flag === undefined ? whole : `Invalid argument: ${flag} `
    })
}

/** `audit` only reads a log. Nothing is there where it finds none. */
const creates = (command: Command): boolean => command.name() !== 'audit'

/** The option that was typed for this one of the library; `undefined`: none was, so it is about something else. */
function flagOf(name: string, command: Command): string | undefined {
  const path = name.replace(/^options\./, '')
  const members = path.split('.')
  const joined = members.map((member, at) => (at === 0 ? member : member.charAt(0).toUpperCase() + member.slice(1))).join('')
  const attributes = [others[path], joined, members.at(-1)]
  const typed = (attribute: string | undefined) =>
    attribute !== undefined && command.getOptionValueSourceWithGlobals(attribute) === 'cli'
  const attribute = attributes.find(typed)
  const options = [command, ...parents(command)].flatMap((one) => one.options)
  return options.find((option) => option.attributeName() === attribute)?.long ?? undefined
}

function parents({ parent }: Command): Command[] {
  return parent === null ? [] : [parent, ...parents(parent)]
}
