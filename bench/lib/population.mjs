// Users for the stores. Each has a record with an app and a key. All have the same secret and the same key, so any of them can
// sign in.
//
// node bench/lib/population.mjs DIRECTORY USERS < TEMPLATE   fills a directory store
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { Countersign } from 'countersign'
import { directoryStore, memoryStore } from 'countersign/stores'
import { TestAuthenticator, totpAt } from 'countersign/testing'
import { verifyRegistration } from 'countersign/webauthn'

export const origin = 'https://example.com'
export const rp = { id: 'example.com', name: 'Example', origins: [origin] }
export const nameOf = (index) => `user ${String(index).padStart(8, '0')}`

/** The user handle of one user. It is the same each time. */
export const handleOf = (user) => createHash('sha512').update(user).digest('base64url')

/** The id of everybody's key, at a server that finds its owner by it. */
export const credentialIdOf = (user) => createHash('sha256').update(user).digest('base64url')

/**
 * @param {{ passkey?: boolean }} options whether the key also signs in without a user name
 * @returns the URI of the app, the key with its public key, and what the service has stored for one who enrolled both
 */
export async function enrolOne({ passkey = false } = {}) {
  const store = memoryStore()
  let template
  const keep = (changed) => {
    template = { record: changed.record, handle: changed.handle }
    return changed
  }
  const users = {
    read: (user) => store.read(user),
    update: (user, change) => store.update(user, (record) => keep(change(record))),
    owner: (handle) => store.owner(handle),
    users: () => store.users(),
  }
  // Enrolled yesterday, so that no code of today was used.
  const now = () => Date.now() - 86_400_000
  const service = await Countersign.open({ rp, store: { users, challenges: store }, now })
  const { enrolment, uri } = await service.beginTotp('one', { account: nameOf(0) })
  const app = await service.finishTotp('one', { enrolment, code: totpAt(uri, now()), description: 'phone' })
  const key = new TestAuthenticator({ algorithm: 'ES256', userVerified: passkey })
  const use = passkey ? 'passkey' : 'second-factor'
  const creation = await service.beginWebauthn('one', { name: nameOf(0), displayName: nameOf(0), use })
  const response = key.create(creation, { origin })
  const registered = await service.finishWebauthn('one', { response, description: 'key' })
  if (!app.ok || !registered.ok) throw new Error('not enrolled')
  const publicKey = verifyRegistration({ response, rp, challenge: creation.challenge }).credential.publicKey
  return { uri, key, template, publicKey, credentialId: response.id }
}

/** Fills a store through its own interface. In files, it also opens some challenges, so that no folder has to be created later. */
export async function fill(store, template, users, { challenges = 4096 } = {}) {
  let next = 0
  const add = async () => {
    while (next < users) {
      const user = nameOf(next++)
      // The same handle each time, so that filling the store again changes little.
      const handle = handleOf(user)
      const record = template.record.replaceAll(template.handle, handle)
      await store.update(user, () => ({ record, handle, value: undefined }))
    }
  }
  await Promise.all(Array.from({ length: 16 }, add))
  for (let index = 0; index < challenges; index += 1) {
    const key = `key ${index}`
    await store.put(key, { id: 'any', purpose: 'sign-in', data: 'any', expires: Date.now() + 60_000 })
    await store.clear(key)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [directory, users] = process.argv.slice(2)
  const store = directoryStore(directory, { create: true })
  await fill(store, JSON.parse(await text(process.stdin)), Number(users))
  await store.flush()
}
