/** The message of `invalid-argument` for an argument; a hint may follow the name, and nothing of what was passed in. */
export function invalidArgument(name: string): (message: string) => boolean {
  return (message) => message.split(' (wanted: ')[0] === `Invalid argument: ${name}`
}
