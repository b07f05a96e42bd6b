import { readFile } from 'node:fs/promises'

import type { Command } from 'commander'

import { Metadata } from '../index.js'
import type { RevokedKey } from '../index.js'
import { Exit, Output, printable } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'

interface MetadataOptions {
  json?: boolean
  roots?: string[]
  crl?: string[]
  signer?: string
  anySigner?: boolean
  previous?: number
}

/** `mds check`, `audit-keys`. */
export function addMetadataCommands(program: Command, io: Io, done: Done): void {
  const mds = program.command('mds').description("FIDO's metadata of authenticators (MDS 3): a file that you download")
  withMetadata(mds.command('check <file>'))
    .description('verify the signature of the metadata in a file, and say how old it is')
    .option('--previous <number>', 'refuse metadata with a lower number: that of the last good one', Number)
    .addHelpText('after', help)
    .action(async (file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<MetadataOptions>()
      const out = new Output(io, options.json === true)
      const metadata = await verified(file, options)
      const { no, nextUpdate, size } = metadata
      const stale = metadata.isStale()
      const age = stale ? `the next one was due on ${nextUpdate}: download it` : `the next one is due on ${nextUpdate}`
      out.answer({ ok: true, no, nextUpdate, stale, models: size }, `number ${no}, ${size} models; ${age}`)
      done(out.code)
    })

  withMetadata(program.command('audit-keys'))
    .description('list the enrolled security keys and passkeys whose model the metadata now forbids: revoked, retired or compromised')
    .requiredOption('--metadata <file>', 'the file with the metadata')
    .addHelpText('after', help)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<MetadataOptions & { metadata: string }>()
      const metadata = await verified(options.metadata, options)
      const opening = () => ({ webauthn: { metadata } })
      await onStore(command, io, done, async ({ service, out }) => {
        if (metadata.isStale()) out.note(`the next metadata was due on ${metadata.nextUpdate}: download it`)
        const { users, revoked, failed } = await service.auditKeys()
        const lines = revoked.map(line)
        for (const { user, reason } of failed) lines.push(`left out (${reason}): ${printable(user)}`)
        lines.push(`users: ${users}; keys of forbidden models: ${revoked.length}`)
        const ok = revoked.length === 0 && failed.length === 0
        const answer = { ok, no: metadata.no, users, revoked, failed }
        if (ok) out.answer(answer, lines.join('\n'))
        else out.refuse({ ...answer, reason: revoked.length > 0 ? 'revoked' : 'incomplete' }, lines.join('\n'))
      }, opening)
    })
}

function withMetadata(command: Command): Command {
  return command
    .option('--roots <file>', "root certificates in PEM, in place of that of FIDO's certificate; may be repeated", collect)
    .option('--crl <file>', 'certificate revocation lists in DER or PEM, which have to cover every certificate; may be repeated', collect)
    .option('--signer <name>', 'the DNS name of the certificate that signs, in place of mds.fidoalliance.org')
    .option('--any-signer', 'with --roots: accept every name')
}

/** One file each: an option that takes several would take the file with the metadata too, which stands behind it. */
const collect = (file: string, before: string[] = []): string[] => [...before, file]

async function verified(file: string, options: MetadataOptions): Promise<Metadata> {
  const { roots, crl, signer, anySigner, previous } = options
  if (anySigner && roots === undefined) throw new Exit(2, 'usage', '--any-signer needs --roots: everybody can have a certificate of the usual root')
  const [blob, certificates, lists] = await Promise.all([
    readFile(file),
    roots && Promise.all(roots.map((path) => readFile(path, 'utf8'))),
    crl && Promise.all(crl.map(readList)),
  ])
  return Metadata.verify(blob, {
    ...(certificates && { roots: certificates }),
    ...(lists && { crls: lists }),
    ...(signer !== undefined && { signer }),
    ...(anySigner && { anySigner }),
    ...(previous !== undefined && { previous }),
  })
}

async function readList(path: string): Promise<string | Uint8Array> {
  const bytes = await readFile(path)
  return bytes.includes('-----BEGIN') ? bytes.toString('utf8') : bytes
}

function line({ user, factor, status, since }: RevokedKey): string {
  const model = factor.type === 'webauthn' && factor.model ? ` (${factor.model.name})` : ''
  const parts = [user, `${factor.id}${model}`, factor.description, since === undefined ? status : `${status} since ${since}`]
  return parts.filter((part) => part !== '').map(printable).join('  ')
}

const help = `
Download the metadata yourself, from https://mds3.fidoalliance.org. Nothing is fetched by this command.`
