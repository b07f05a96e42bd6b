// The corpus in `vectors`, put to this library, and whether its files are what they say.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { Ajv2020 } from 'ajv/dist/2020.js'
import test from 'ava'

const at = (name: string) => new URL(`../../../vectors/${name}`, import.meta.url)
const load = (name: string): Promise<any> => import(at(name).href)

const { cases, topics, writtenVerdicts } = await load('corpus.mjs')
const { verify } = await load('adapters/countersign.mjs')
const { explained, withTables } = await load('tables.mjs')
const corpus: any[] = cases()

test('this library agrees with every verdict', (t) => {
  t.true(corpus.length > 1000)
  for (const { id, verdict, reason, result, ...rest } of corpus) {
    const answer = verify(rest)
    if (answer.ok) t.not(verdict, 'invalid', id)
    else {
      t.not(verdict, 'valid', id)
      t.is(answer.reason, reason, id)
    }
    if (!result) continue
    const { credential, userVerified, attestation } = answer
    const { id: credentialId, publicKey, signCount, backupEligible, backupState } = credential
    const found = { credentialId, signCount, userVerified, backupEligible, backupState }
    t.deepEqual(result, attestation ? { ...found, publicKey, attestationFormat: attestation.format } : found, id)
  }
})

test('the files are what the generator writes', (t) => {
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(at('generate.mjs')), '--check'], { encoding: 'utf8' })
  t.is(stderr, '')
  t.is(status, 0)
})

test('the files follow the schema', (t) => {
  const conforms = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(at('schema.json'), 'utf8')))
  for (const topic of topics()) {
    t.true(conforms(topic), `${topic.topic}: ${JSON.stringify(conforms.errors)}`)
    t.is(topic.numberOfCases, topic.cases.length)
    const ids = topic.cases.map(({ id }: any) => id)
    t.deepEqual(ids, ids.toSorted())
    t.true(ids.every((id: string) => id.startsWith(`${topic.topic}/`)))
  }
  // A schema that lets everything through would not be one.
  const [
    {
      cases: [one],
      ...head
    },
  ] = topics()
  t.false(conforms({ ...head, cases: [{ ...one, verdict: 'perhaps' }] }))
  t.false(conforms({ ...head, cases: [{ ...one, expected: { ...one.expected, rpId: undefined, id: 'example.org' } }] }))
  t.is(new Set(corpus.map(({ id }) => id)).size, corpus.length)
})

test('every algorithm and format has right cases and wrong ones, in each ceremony that has it', (t) => {
  const seen = new Set(
    corpus.flatMap(({ ceremony, verdict, flags }) => flags.map((flag: string) => `${ceremony} ${verdict} ${flag}`)),
  )
  const algorithms = [
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ML-DSA-44',
    'ML-DSA-65',
    'ML-DSA-87',
  ]
  const formats = ['none', 'packed', 'fido-u2f', 'apple', 'android-key', 'tpm', 'compound']
  for (const verdict of ['valid', 'invalid']) {
    for (const name of algorithms) {
      for (const ceremony of ['registration', 'authentication'])
        t.true(seen.has(`${ceremony} ${verdict} alg:${name}`), `${ceremony} ${verdict} ${name}`)
    }
    for (const name of formats) t.true(seen.has(`registration ${verdict} format:${name}`), `${verdict} ${name}`)
  }
})

test('what is written of this library is what it says, and every difference of another one is explained', (t) => {
  const [own, ...others] = writtenVerdicts()
  for (const { id, ...rest } of corpus) t.is(own.verdicts[id], verify(rest).ok ? 'accepts' : 'refuses', id)
  t.deepEqual(
    others.map(({ name }: any) => name),
    ['@simplewebauthn/server', 'fido2-lib', 'webauthn-rs-core'],
  )
  for (const library of others) {
    t.deepEqual(Object.keys(library.verdicts).toSorted(), corpus.map(({ id }) => id).toSorted(), library.name)
    const { groups, left, unused } = explained(corpus, library)
    t.deepEqual(unused, [], library.name)
    t.deepEqual(
      left.map(({ id }: any) => id),
      [],
      library.name,
    )
    for (const group of groups)
      t.is(new Set(group.cases.map(({ verdict }: any) => verdict)).size, 1, `${library.name}: ${group.ids}`)
  }
  const readme = readFileSync(at('README.md'), 'utf8')
  t.is(withTables(readme, corpus, writtenVerdicts()), readme, 'node vectors/compare.mjs --table')
})
