// The recipes for key services, each against a fake of its service that refuses what the real one refuses.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { ageKeys } from '../../docs/recipes/seal-age.js'
import { awsKmsKeys } from '../../docs/recipes/seal-aws-kms.js'
import type { KmsClient } from '../../docs/recipes/seal-aws-kms.js'
import { vaultKeys } from '../../docs/recipes/seal-vault.js'
import type { SealOptions } from '../../index.js'
import { newSealKey } from '../../facade/service/seal-keys.js'
import { memoryStore } from '../../facade/stores/index.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture } from '../helpers/service.js'

/** A rotation by a server that is never restarted: `wrapped` is what lies beside it. */
async function rotates(t: ExecutionContext, seal: () => Promise<SealOptions>, wrap: (ids: string[]) => void) {
  wrap(['2026-05'])
  const store = memoryStore()
  const fixture = await Fixture.open(store, { seal })
  await fixture.enrolTotp('ann')
  t.regex((await store.read('ann')) as string, /^cs1\.2026-05\./)
  wrap(['2026-11', '2026-05'])
  const next = await fixture.another()
  t.like(await next.reseal(), { resealed: 1, failed: [] })
  t.is((await fixture.service.factors('ann')).length, 1, 'a key that is new is asked for')
  wrap(['2026-11'])
  t.is((await (await fixture.another()).factors('ann')).length, 1)
}

test('AWS KMS', async (t) => {
  const master = randomBytes(32)
  const keys = new Map<string, Buffer>()
  const encrypt = (id: string) => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', master, nonce).setAAD(Buffer.from(JSON.stringify({ 'countersign-key': id })))
    const key = keys.get(id) ?? randomBytes(32)
    keys.set(id, key)
    return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]).toString('base64')
  }
  const kms: KmsClient = {
    async decrypt({ CiphertextBlob: blob, KeyId, EncryptionContext }) {
      if (KeyId !== 'alias/countersign') throw new Error('IncorrectKeyException')
      const decipher = createDecipheriv('aes-256-gcm', master, blob.subarray(0, 12))
      decipher.setAAD(Buffer.from(JSON.stringify(EncryptionContext))).setAuthTag(blob.subarray(-16))
      return { Plaintext: Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]) }
    },
  }
  let wrapped: { id: string; ciphertext: string }[] = []
  const seal = awsKmsKeys(kms, 'alias/countersign', async () => wrapped)
  await rotates(t, seal, (ids) => { wrapped = ids.map((id) => ({ id, ciphertext: encrypt(id) })) })
  // A key under another's id is refused by the service.
  wrapped = [{ id: '2027-01', ciphertext: encrypt('2026-11') }]
  await t.throwsAsync(Fixture.open(memoryStore(), { seal }), { code: 'store-failed' })
  wrapped = []
  await t.throwsAsync(Fixture.open(memoryStore(), { seal }), { code: 'invalid-argument', message: /seal\.keys/ })
})

test('Vault transit', async (t) => {
  const keys = new Map<string, string>()
  const requests: unknown[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url, headers } = request
    requests.push([method, url])
    const { ciphertext } = JSON.parse(Buffer.concat(chunks).toString()) as { ciphertext: string }
    const plaintext = keys.get(ciphertext)
    const allowed = headers['x-vault-token'] === 'a token'
    response.writeHead(!allowed ? 403 : plaintext === undefined ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(allowed && plaintext !== undefined ? { data: { plaintext } } : { errors: ['no'] }))
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let token = 'a token\n'
  let wrapped: { id: string; ciphertext: string }[] = []
  const seal = vaultKeys({ address, token: () => token, name: 'countersign', wrapped: async () => wrapped })
  await rotates(t, seal, (ids) => {
    wrapped = ids.map((id) => ({ id, ciphertext: `vault:v1:${id}` }))
    for (const { ciphertext } of wrapped) if (!keys.has(ciphertext)) keys.set(ciphertext, randomBytes(32).toString('base64'))
  })
  t.deepEqual(requests[0], ['POST', '/v1/transit/decrypt/countersign'])
  token = 'another'
  const refused = await t.throwsAsync(Fixture.open(memoryStore(), { seal }), { code: 'store-failed' })
  t.regex((refused as { cause: Error }).cause.message, /403 for the key 2026-11/)
})

const onUnix = process.platform === 'win32' ? test.skip : test

onUnix('a file that age encrypted', async (t) => {
  const folder = temporaryDirectory()
  const [file, identity, age] = ['keys.age', 'identity.txt', 'age'].map((name) => join(folder, name)) as [string, string, string]
  writeFileSync(identity, 'AGE-SECRET-KEY-1\n', { mode: 0o600 })
  writeFileSync(age, `#!${process.execPath}
const { readFileSync } = require('node:fs')
const [decrypt, flag, identity, dashes, file, ...more] = process.argv.slice(2)
if (decrypt !== '--decrypt' || flag !== '--identity' || dashes !== '--' || more.length > 0) process.exit(2)
if (!readFileSync(identity, 'utf8').startsWith('AGE-SECRET-KEY-1')) process.exit(1)
process.stdout.write(Buffer.from(readFileSync(file, 'utf8').replace('age-encryption.org/v1 ', ''), 'base64'))
`)
  chmodSync(age, 0o700)
  const lines = new Map<string, string>()
  const seal = ageKeys(file, identity, age)
  await rotates(t, seal, (ids) => {
    for (const id of ids) if (!lines.has(id)) lines.set(id, newSealKey(id))
    const text = ids.map((id) => lines.get(id)).join('\n')
    writeFileSync(file, `age-encryption.org/v1 ${Buffer.from(`# keys\n\n${text}\n`).toString('base64')}`)
  })
  writeFileSync(identity, 'somebody else\n')
  await t.throwsAsync(Fixture.open(memoryStore(), { seal }), { code: 'store-failed' })
})
