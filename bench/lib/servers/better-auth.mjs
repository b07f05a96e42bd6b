// better-auth with its own plugins for a second factor and for passkeys. Its passwords cost nothing here: they are nobody's work of a
// second factor.
import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { symmetricEncrypt } from 'better-auth/crypto'
import { twoFactor } from 'better-auth/plugins'

import { credentialIdOf, nameOf, origin, rp } from '../population.mjs'
import { secret } from './better-auth-secret.mjs'

export async function serve({ database, one, users }) {
  const auth = betterAuth({
    baseURL: origin,
    secret: 'a secret of the bench, and of nothing else',
    database: database.pool ?? database.database,
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    emailAndPassword: { enabled: true, password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password } },
    plugins: [twoFactor(), passkey({ rpID: rp.id, rpName: rp.name, origin })],
  })
  await (await getMigrations(auth.options)).runMigrations()
  const { adapter, secretConfig } = await auth.$context
  const at = new Date()
  for (let index = 0; index < users; index += 1) {
    const name = nameOf(index)
    const email = `${name.replace(' ', '.')}@example.com`
    const create = (model, data) => adapter.create({ model, data: { createdAt: at, updatedAt: at, ...data } })
    const { id: userId } = await create('user', { name, email, emailVerified: true, twoFactorEnabled: true })
    await create('account', { userId, accountId: userId, providerId: 'credential', password: 'of everybody' })
    await adapter.create({ model: 'twoFactor', data: { userId, secret: await symmetricEncrypt({ key: secretConfig, data: secret }), backupCodes: '', verified: true } })
    await adapter.create({
      model: 'passkey',
      data: {
        userId, name: 'key', credentialID: credentialIdOf(name), counter: 0, createdAt: at,
        publicKey: Buffer.from(one.publicKey, 'base64url').toString('base64'), deviceType: 'singleDevice', backedUp: false, transports: 'usb', aaguid: '',
      },
    })
  }
  return toNodeHandler(auth)
}
