import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { pem } from '../../facade/stateless/policy.js'
import { directoryStore } from '../../facade/stores/index.js'
import { countersign } from '../helpers/command-line.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { MetadataService } from '../helpers/metadata.js'
import { Fixture } from '../helpers/service.js'

async function files() {
  const service = await MetadataService.open()
  const folder = temporaryDirectory()
  const roots = join(folder, 'root.pem')
  writeFileSync(roots, pem(service.root))
  const written = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return { service, folder, roots, written }
}

test('mds check verifies a file', async (t) => {
  const { service, roots, written } = await files()
  const file = written('blob.jwt', `${service.blob([], { no: 7, nextUpdate: '2999-01-01' })}\n`)
  const check = (...more: string[]) => countersign(['mds', 'check', file, ...more])
  t.like(await check('--roots', roots), { code: 0, stdout: 'number 7, 0 models; the next one is due on 2999-01-01\n' })
  t.deepEqual((await check('--roots', roots, '--json')).json, { ok: true, no: 7, nextUpdate: '2999-01-01', stale: false, models: 0 })
  t.is((await countersign(['mds', 'check', '--roots', roots, '--roots', roots, file])).code, 0, 'the file may stand last')
  const untrusted = await check()
  t.is(untrusted.code, 1)
  t.regex(untrusted.stderr, /The metadata is refused: its certificates end in none of the roots/)
  t.is((await check('--roots', roots, '--previous', '8')).code, 1)
  t.is((await check('--roots', roots, '--previous', '7')).code, 0)
  t.is((await check('--roots', roots, '--previous', 'x')).code, 2)
  t.is((await check('--roots', roots, '--signer', 'example.com')).code, 1)
  t.is((await check('--roots', roots, '--signer', 'example.com', '--any-signer')).code, 0)
  t.is((await check('--any-signer')).code, 2, 'never with the usual root')
  t.is((await check('--roots', roots, '--crl', roots)).code, 2, 'no revocation list')
  const stale = written('old.jwt', service.blob([], { nextUpdate: '2020-01-01' }))
  const old = await countersign(['mds', 'check', stale, '--roots', roots])
  t.is(old.code, 0)
  t.regex(old.stdout, /the next one was due on 2020-01-01: download it/)
  t.is((await countersign(['mds', 'check', `${file}.missing`])).code, 3)
})

test('audit-keys lists keys of models that the metadata forbids', async (t) => {
  const { service, folder, roots, written } = await files()
  const place = join(folder, 'store')
  const fixture = await Fixture.open(directoryStore(place, { create: true }))
  const aaguid = Buffer.from('0707070707070707070707070707070a', 'hex')
  const { factor } = await fixture.enrolKey('ann', { aaguid })
  await fixture.enrolKey('bob')
  const entry = (status: string) => [{
    aaguid: '07070707-0707-0707-0707-07070707070a', metadataStatement: { description: 'Key 1' }, statusReports: [{ status }],
  }]
  const good = written('good.jwt', service.blob(entry('UPDATE_AVAILABLE')))
  const audit = (file: string, ...more: string[]) =>
    countersign(['audit-keys', '--store', `directory:${place}`, '--metadata', file, '--roots', roots, ...more])
  t.like(await audit(good), { code: 0, stdout: 'users: 2; keys of forbidden models: 0\n' })
  const bad = written('bad.jwt', service.blob(entry('REVOKED')))
  const found = await audit(bad)
  t.is(found.code, 1)
  t.is(found.stderr, `ann  ${factor.id} (Key 1)  key  REVOKED\nusers: 2; keys of forbidden models: 1\n`)
  const { json } = await audit(bad, '--json')
  t.like(json as object, { ok: false, reason: 'revoked', users: 2, no: 1 })
  t.is((await countersign(['audit-keys', '--store', `directory:${place}`])).code, 2, 'the metadata is asked for')
})
