// The frozen texts of sealing, made again by another implementation: node:crypto.
import { createCipheriv, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'

import test from 'ava'

import { Countersign } from '../../index.js'
import { recordOf } from '../../facade/service/countersign.js'
import { memoryStore } from '../../facade/stores/index.js'
import { rp } from '../helpers/service.js'

interface Vector {
  about: string
  keyId: string
  key: string
  random: string
  name: string
  challenge?: string
  text: string
  sealed: string
}

const file = new URL('../../../__test__/vectors/sealed.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }

for (const { about, keyId, key, random, name, challenge, text, sealed } of vectors) {
  test(`${about}: as the documentation describes it`, async (t) => {
    const salt = Buffer.from(random, 'base64url')
    const derived = Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64url'), 'countersign seal 1', salt, 32))
    const cipher = createCipheriv('aes-256-gcm', derived, Buffer.alloc(12))
    const place = challenge === undefined ? ['record', name] : ['challenge', name, challenge]
    cipher.setAAD(Buffer.concat(['cs1', keyId, ...place].map(withLength)))
    const bytes = Buffer.concat([salt, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    t.is(sealed, `cs1.${keyId}.${bytes.toString('base64url')}`)
    if (challenge !== undefined) return
    const store = memoryStore()
    await store.update(name, () => ({ record: sealed, value: undefined }))
    const service = await Countersign.open({ rp, store, seal: { keys: [{ id: keyId, key }] } })
    t.is(await recordOf(service, name), text)
  })
}

function withLength(part: string): Buffer {
  const bytes = Buffer.from(part)
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(bytes.length))
  return Buffer.concat([length, bytes])
}
