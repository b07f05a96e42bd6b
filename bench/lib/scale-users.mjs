// Many users made of a few: a record each that the core has written for a template, with a handle and a credential id of
// the user's own in place of the template's.
import { createHash } from 'node:crypto'

import { Countersign } from '../../build/index.js'
import { memoryStore } from '../../build/facade/stores/index.js'
import { TestAuthenticator } from '../../build/facade/testing/test-authenticator.js'
import { totpAt } from '../../build/facade/testing/totp-at.js'

export const origin = 'https://example.com'
export const rp = { id: 'example.com', name: 'Example', origins: [origin] }

/** How many partitions the tables have that have some. */
export const partitions = 64

export const nameOf = (index) => `user-${String(index).padStart(9, '0')}`

/** Enrols one who has an app, a passkey and ten recovery codes. `template`: what of it another process needs. */
export async function enrolTemplate() {
  const store = memoryStore()
  // Yesterday, so that the codes of today are new ones.
  const now = () => Date.now() - 86_400_000
  const service = await Countersign.open({ rp, store, now })
  const { enrolment, uri } = await service.beginTotp('one', { account: 'one@example.com' })
  const app = await service.finishTotp('one', { enrolment, code: totpAt(uri, now()), description: 'phone' })
  const key = new TestAuthenticator({ algorithm: 'ES256', userVerified: true, signCount: null })
  const creation = await service.beginWebauthn('one', { name: 'one', displayName: 'One', use: 'passkey' })
  const passkey = await service.finishWebauthn('one', { response: key.create(creation, { origin }), description: 'key' })
  if (!app.ok || !passkey.ok) throw new Error('not enrolled')
  await service.createRecoveryCodes('one')
  const [{ id, userHandle }] = key.credentials
  return { uri, key, template: { record: await store.read('one'), handle: userHandle, credential: id } }
}

/** What is stored of a user. The same each time. */
export function personOf(index, templates) {
  const user = nameOf(index)
  const template = templates[index % templates.length]
  const [handle, credential] = ['handle', 'credential'].map((what) => sha256(`${what} of ${user}`).toString('base64url'))
  const record = template.record.replaceAll(template.handle, handle).replaceAll(template.credential, credential)
  return { user, record, handle, credential, claims: [claimOf(credential), handle].sort() }
}

/** The core's `credential_claim`. That it is the same is seen by the sign-ins without a user name. */
function claimOf(credential) {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(rp.id.length))
  const parts = ['countersign credential\0', length, rp.id, Buffer.from(credential, 'base64url')]
  return `credential:${sha256(Buffer.concat(parts.map((part) => Buffer.from(part)))).toString('base64url')}`
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
