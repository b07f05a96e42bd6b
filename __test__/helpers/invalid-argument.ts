/** The message of `invalid-argument` for an argument: its name, and then what was expected of it. */
export function invalidArgument(name: string): (message: string) => boolean {
  const start = `Invalid argument: ${name} `
  return (message) => message.startsWith(start) && expected.test(message.slice(start.length))
}

const expected = /^(?:must be .|is not an option: expected .|has a member that is not an option: expected .|is not valid$)/
