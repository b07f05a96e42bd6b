import type { Command } from 'commander'

import { qrTerminal } from '#binding'

import { openEnvelope } from '../facade/shared/envelope.js'
import { isKeyUri } from '../facade/shared/key-uri.js'
import { parseOtpauthUri, totpCode } from '../facade/stateless/totp.js'
import type { TotpAlgorithm } from '../facade/stateless/totp.js'
import { askForLines } from './ask.js'
import { Output, usage } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'

/** `totp code`, `totp add`. */
export function addTotpCommands(program: Command, io: Io, done: Done): void {
  const totp = program.command('totp').description('manage authenticator apps')

  totp
    .command('code')
    .description('print the current code of an otpauth: URI or base32 secret, read from standard input')
    .option('-f, --file <path>', 'read the URI or secret from a file')
    .option('--algorithm <name>', 'with a secret: SHA1, SHA256 or SHA512')
    .option('--digits <number>', 'with a secret: 6 to 8', Number)
    .option('--period <seconds>', 'with a secret', Number)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<CodeOptions>()
      const [text = ''] = await askForLines(io, [{ question: 'URI or secret: ', hidden: true }], options.file)
      const now = Date.now()
      const [source, period] = readSource(text, options)
      const secondsLeft = period - (Math.floor(now / 1000) % period)
      const out = new Output(io, options.json === true)
      const code = totpCode(source, now)
      out.answer({ code, secondsLeft }, code)
      out.note(`${secondsLeft} seconds left`)
      done(out.code)
    })

  totp
    .command('add <user>')
    .description('enrol an app: in one step on a terminal, otherwise in two')
    .option('-d, --description <text>', 'the name that the user sees', 'phone')
    .option('--account <name>', 'the account name that the app shows (default: the user)')
    .option('--issuer <name>', 'the issuer that the app shows beside the account')
    .option('--enrolment <id>', 'second step: the id from the first step; the code is read from standard input')
    .action((user: string, _options: object, command: Command) =>
      onStore<AddOptions>(command, io, done, async ({ service, out, options }) => {
        let { enrolment } = options
        if (enrolment === undefined) {
          out.expectReader()
          const begun = await service.beginTotp(user, { account: options.account ?? user })
          const { uri, secret } = begun
          enrolment = begun.enrolment
          if (out.json || io.stdin.isTTY !== true) {
            const next = `Next, pass the app's code on standard input to: countersign totp add --enrolment ${enrolment} USER`
            out.note(next)
            return out.deliver({ enrolment, uri, secret }, uri)
          }
          io.stdout.write(`${openEnvelope<string>(qrTerminal(uri)).value}\n${uri}\n`)
        }
        const [code] = await askForLines(io, [{ question: 'Code from the app: ' }])
        const enrolled = await service.finishTotp(user, { enrolment, code, description: options.description })
        if (!enrolled.ok) return out.refuse(enrolled, `Refused: ${enrolled.reason}`)
        out.answer(enrolled, `Enrolled: ${enrolled.factor.id}`)
      }),
    )
}

interface CodeOptions {
  file?: string
  json?: boolean
  algorithm?: TotpAlgorithm
  digits?: number
  period?: number
}

interface AddOptions {
  description: string
  account?: string
  issuer?: string
  enrolment?: string
}

/** The source of the codes, and the seconds of a step. */
function readSource(text: string, options: CodeOptions): [source: Parameters<typeof totpCode>[0], period: number] {
  const { algorithm, digits, period } = options
  if (!isKeyUri(text)) {
    const given = { ...(algorithm && { algorithm }), ...(digits !== undefined && { digits }), ...(period !== undefined && { period }) }
    return [{ secret: text, ...given }, period ?? 30]
  }
  if (algorithm !== undefined || digits !== undefined || period !== undefined) {
    throw usage('--algorithm, --digits and --period are only for a secret: a URI contains its own')
  }
  return [text, parseOtpauthUri(text).period]
}
