import test from 'ava'

import { Metadata } from '../../index.js'
import type { MetadataOptions } from '../../index.js'
import { pem } from '../../facade/stateless/policy.js'
import { largePayload, MetadataService } from '../helpers/metadata.js'
import type { ModelEntry } from '../helpers/metadata.js'
import { fewer } from '../helpers/emulated.js'

const aaguid = 'ee882879-721c-4913-9775-3dfcce97072a'
const key = '7c0903708b87115b0b422def3138c3c864e44573'
const entries: ModelEntry[] = [
  {
    aaguid,
    metadataStatement: { description: 'Key 1', keyProtection: ['hardware', 'secure_element'] },
    statusReports: [
      { status: 'FIDO_CERTIFIED_L1plus', effectiveDate: '2020-01-01' },
      { status: 'REVOKED', effectiveDate: '2024-02-29' },
    ],
  },
  { attestationCertificateKeyIdentifiers: [key], metadataStatement: { description: 'U2F 1' }, statusReports: [] },
]

test('metadata is verified, and says what it has of a model', async (t) => {
  const service = await MetadataService.open()
  const metadata = await service.metadata(entries, { no: 7, nextUpdate: '2030-01-01' })
  t.like(metadata, { no: 7, nextUpdate: '2030-01-01', size: 2 })
  t.deepEqual(metadata.find(aaguid.toUpperCase()), {
    name: 'Key 1', certified: 'L1+', securityLevel: 'strongbox', revoked: { status: 'REVOKED', since: '2024-02-29' },
  })
  t.deepEqual(metadata.find(key), { name: 'U2F 1' })
  t.is(metadata.find('00000000-0000-0000-0000-000000000000'), undefined)
  t.is(metadata.name(aaguid), 'Key 1')
  t.is(metadata.name('00000000-0000-0000-0000-000000000000'), undefined)
  const before = await service.metadata(entries, { now: () => Date.parse('2024-02-28') })
  t.is(before.find(aaguid)?.revoked, undefined, 'not yet')
})

test('the text may be bytes, and roots PEM', async (t) => {
  const service = await MetadataService.open()
  const blob = service.blob(entries)
  const roots = [pem(service.root)]
  t.is((await Metadata.verify(Buffer.from(`${blob}\n`), { roots })).size, 2)
  // The work is done on a copy.
  const bytes = Buffer.from(blob)
  const verifying = Metadata.verify(bytes, { roots })
  bytes.fill(0)
  t.is((await verifying).size, 2)
})

test('staleness is told', async (t) => {
  const service = await MetadataService.open()
  let now = Date.parse('2030-01-01T23:59:59Z')
  const metadata = await service.metadata([], { nextUpdate: '2030-01-01', now: () => now })
  t.false(metadata.isStale())
  now += 1000
  t.true(metadata.isStale())
  t.true((await service.metadata([], { nextUpdate: '2020-01-01' })).isStale(), 'and refuses nothing')
})

test('what is refused, and why', async (t) => {
  const service = await MetadataService.open()
  const blob = service.blob(entries, { no: 5 })
  const roots = [service.root]
  const refused = async (text: string, options: MetadataOptions, why: RegExp) => {
    const error = await t.throwsAsync(Metadata.verify(text, options), { code: 'metadata-refused' })
    t.regex(error?.message ?? '', why)
  }
  await refused(blob, {}, /its certificates end in none of the roots/)
  await refused(`${blob.slice(0, -9)}AAAAAAAAA`, { roots }, /its signature is wrong/)
  await refused('a.b', { roots }, /it is malformed/)
  await refused(service.signed('[]'), { roots }, /it is malformed/)
  await refused(blob, { roots, signer: 'example.com' }, /has another name/)
  await refused(blob, { roots, previous: 6 }, /older than the previous one/)
  await refused(blob, { roots, previous: await service.metadata([], { no: 6 }) }, /older than the previous one/)
  await refused(blob, { roots, crls: [] }, /no current list of crls/)
  t.is((await Metadata.verify(blob, { roots, previous: 5 })).no, 5)
  const other = await MetadataService.open('example.com')
  const named = other.blob([])
  await refused(named, { roots: [other.root] }, /has another name/)
  t.is((await Metadata.verify(named, { roots: [other.root], signer: 'example.com' })).size, 0)
  t.is((await Metadata.verify(named, { roots: [other.root], anySigner: true })).size, 0)
})

test('arguments of the wrong kind are named', async (t) => {
  const service = await MetadataService.open()
  const blob = service.blob([])
  const wrong: [unknown, unknown, string][] = [
    ['', {}, 'blob'], [7, {}, 'blob'], [blob, { roots: ['!'] }, 'roots'], [blob, { crls: ['!'] }, 'crls'], [blob, { crls: [7] }, 'crls[0]'],
    [blob, { previous: -1 }, 'previous'], [blob, { previous: {} }, 'previous'], [blob, { signer: '' }, 'signer'],
    [blob, { now: 1 }, 'now'], [blob, { crl: [] }, 'crl'], [blob, { anySigner: true }, 'roots'],
  ]
  for (const [text, options, name] of wrong) {
    const verifying = Metadata.verify(text as string, options as MetadataOptions)
    const error = await t.throwsAsync(verifying, { code: 'invalid-argument' }, name)
    t.true(error?.message.includes(name), error?.message)
  }
  const metadata = await service.metadata([])
  t.throws(() => metadata.find('Key 1'), { code: 'invalid-argument' })
  t.throws(() => new (Metadata as unknown as new () => Metadata)(), { code: 'invalid-argument' })
})

test('a large text is verified while the event loop goes on', async (t) => {
  const service = await MetadataService.open()
  const blob = service.signed(largePayload())
  t.true(blob.length > 9_000_000)
  let done = false
  const verifying = Metadata.verify(blob, { roots: [service.root] }).finally(() => (done = true))
  let turns = 0
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    turns += 1
  }
  t.is((await verifying).size, 500)
  // On this thread there would be one turn or two.
  t.true(turns > fewer(20), `${turns} turns`)
})
