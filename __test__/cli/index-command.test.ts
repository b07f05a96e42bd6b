import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { Countersign } from '../../index.js'
import type { Store } from '../../index.js'
import { directoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import { verifyRegistration } from '../../facade/stateless/webauthn.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { countersign } from '../helpers/command-line.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { origin, rp } from '../helpers/service.js'

const kinds: Record<string, (path: string) => { place: string; store: Store }> = {
  directory: (path) => ({ place: `directory:${path}`, store: directoryStore(path, { create: true }) }),
  'tfa.cfg': (path) => ({ place: `tfa:${path}`, store: tfaConfigStore(path, { create: true }) }),
}

for (const [kind, make] of Object.entries(kinds)) {
  test(`${kind}: passkeys that the command line imported sign in once they are in the index`, async (t) => {
    const folder = temporaryDirectory()
    const { place, store } = make(join(folder, 'store'))
    const file = join(folder, 'passkeys.json')
    const made = [passkey('ann'), passkey('bob'), passkey('bob')]
    writeFileSync(file, JSON.stringify(made.map(({ row }) => row)))
    const options = ['--store', place, '--json']
    const imported = ['import', file, '--format', 'simplewebauthn', ...options]
    t.is((await countersign(imported)).code, 0)
    await using service = await Countersign.open({ rp, store })
    for (const { key } of made) t.false((await sign(service, key)).ok, 'nobody said whose credentials these are')
    const index = ['index', '--rp-id', rp.id, ...options]
    t.deepEqual((await countersign(index)).json, {
      ok: true, users: 2, passkeys: 3, changed: 2, shared: [], failed: [],
    })
    for (const { key, row } of made) t.like(await sign(service, key), { ok: true, user: row.user })
    t.like((await countersign(index)).json, { ok: true, users: 2, changed: 0 })
    t.is((await countersign(['index', ...options])).code, 2, 'the relying party is asked for')
    t.is((await countersign(['index', '--rp-id', 'https://example.com', ...options])).code, 2)
  })

  test(`${kind}: the command names users who have one credential id, until one of them has it no more`, async (t) => {
    const { place, store } = make(join(temporaryDirectory(), 'store'))
    const { key, row } = passkey('ann')
    const folder = temporaryDirectory()
    for (const user of ['ann', 'bob']) {
      writeFileSync(join(folder, 'one.json'), JSON.stringify({ ...row, user }))
      await countersign(['import', join(folder, 'one.json'), '--format', 'simplewebauthn', '--store', place])
    }
    await using service = await Countersign.open({ rp, store })
    const index = ['index', '--rp-id', rp.id, '--store', place]
    for (let time = 0; time < 2; time += 1) {
      const told = await countersign(index)
      t.is(told.code, 1)
      t.regex(told.stdout + told.stderr, /two users have the same credential id.*(ann, bob|bob, ann)/)
      t.false((await sign(service, key)).ok)
    }
    await service.removeUser('ann')
    t.is((await countersign(index)).code, 0)
    t.like(await sign(service, key), { ok: true, user: 'bob' })
  })
}

test('an import with --rp-id is in the index, and another user keeps what is theirs', async (t) => {
  const folder = temporaryDirectory()
  const store = join(folder, 'store')
  const file = join(folder, 'one.json')
  const { key, row } = passkey('ann')
  const run = (user: string) => {
    writeFileSync(file, JSON.stringify({ ...row, user }))
    const options = ['--create', '--store', `directory:${store}`, '--rp-id', rp.id, '--json']
    return countersign(['import', file, '--format', 'simplewebauthn', ...options])
  }
  t.is((await run('ann')).code, 0)
  const { code, json } = await run('eve')
  t.is(code, 1)
  t.like(json.users[0].left[0], { reason: 'credential-taken' })
  await using service = await Countersign.open({ rp, store: directoryStore(store) })
  t.like(await sign(service, key), { ok: true, user: 'ann' })
})

test('of a tfa.cfg from which another program removed a credential, its id is free', async (t) => {
  const path = join(temporaryDirectory(), 'tfa.cfg')
  const store = tfaConfigStore(path, { create: true })
  await using service = await Countersign.open({ rp, store })
  const { key, credential } = passkey('ann')
  const factors = [{ what: 'one', description: '', credential, notes: [] }]
  t.is((await service.importFactors('ann', { factors, left: [] })).taken.length, 1)
  t.is((await service.importFactors('bob', { factors, left: [] })).left[0]?.reason, 'credential-taken')
  writeFileSync(path, '{"users":{}}')
  t.is((await service.importFactors('bob', { factors, left: [] })).taken.length, 1)
  t.like(await sign(service, key), { ok: true, user: 'bob' })
})

/** As a table holds it that keeps no user handles. */
function passkey(user: string) {
  const key = new TestAuthenticator({ userVerified: true })
  const challenge = Buffer.from('a challenge of the other library').toString('base64url')
  const creation = {
    rp, user: { id: Buffer.from(`handle of ${user} ${Math.random()}`).toString('base64url'), name: user, displayName: user }, challenge,
    pubKeyCredParams: [{ type: 'public-key' as const, alg: -7 as const }],
    authenticatorSelection: { residentKey: 'required' as const },
  }
  const made = verifyRegistration({ response: key.create(creation, { origin }), challenge, rp })
  if (!made.ok) throw new Error(made.reason)
  const { userHandle: _, ...credential } = made.credential
  const { id, publicKey, signCount: counter } = credential
  const row = { user, id, publicKey, counter, deviceType: 'singleDevice', backedUp: false, userVerified: true }
  return { key, credential, row }
}

async function sign(service: Countersign, key: TestAuthenticator) {
  const { webauthn } = await service.challenge()
  return service.verifyPasskey({ type: 'webauthn', response: key.get(webauthn, { origin }) })
}
