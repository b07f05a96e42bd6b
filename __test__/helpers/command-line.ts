import { PassThrough } from 'node:stream'

import { run } from '../../cli/run.js'

export interface Ran {
  code: number
  stdout: string
  stderr: string
  /** What `--json` answered. */
  json: any
}

/** Runs a command line; `typed` are the answers of a person at a terminal, each after the next question. */
export async function countersign(
  args: string[],
  { stdin = '', typed, env = {} }: { stdin?: string; typed?: string[]; env?: Record<string, string> } = {},
): Promise<Ran> {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const collected = { stdout: '', stderr: '' }
  output.on('data', (chunk) => { collected.stdout += chunk })
  const answers = [...(typed ?? [])]
  errors.on('data', (chunk: Buffer) => {
    collected.stderr += chunk
    if (/(: |\] )$/.test(chunk.toString()) && answers.length > 0) setImmediate(() => input.write(`${answers.shift()}\n`))
  })
  if (typed === undefined) input.end(stdin)
  else Object.assign(input, { isTTY: true })
  const code = await run(args, { stdin: input, stdout: output, stderr: errors, env })
  await new Promise((resolve) => { setImmediate(resolve) })
  return { code, ...collected, json: args.includes('--json') ? JSON.parse(collected.stdout) : undefined }
}
