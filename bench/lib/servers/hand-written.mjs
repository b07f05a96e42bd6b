// What a careful person writes: Express, SimpleWebAuthn, otplib and pg. A challenge is used once and belongs to a session, a code is
// good once, a counter never goes back. It locks nobody out after wrong answers, and holds one factor of a kind.
/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 waits for them */
import express from 'express'

import { nameOf, rp } from '../population.mjs'
import { generateAuthenticationOptions, otplib, verifyAuthenticationResponse } from '../../rivals/index.mjs'

export async function serve({ database: { pool }, one, users, now }) {
  await pool.query('CREATE TABLE apps (user_id text PRIMARY KEY, secret text NOT NULL, used bigint NOT NULL DEFAULT 0)')
  await pool.query('CREATE TABLE keys (user_id text, id text, public_key bytea NOT NULL, counter bigint NOT NULL, PRIMARY KEY (user_id, id))')
  await pool.query('CREATE TABLE challenges (session text PRIMARY KEY, user_id text NOT NULL, challenge text NOT NULL, expires bigint NOT NULL)')
  const secret = new URL(one.uri).searchParams.get('secret')
  for (let index = 0; index < users; index += 1) {
    await pool.query('INSERT INTO apps (user_id, secret) VALUES ($1, $2)', [nameOf(index), secret])
    await pool.query('INSERT INTO keys VALUES ($1, $2, $3, 0)', [nameOf(index), one.credentialId, Buffer.from(one.publicKey, 'base64url')])
  }

  const app = express()
  app.disable('x-powered-by')
  app.use(express.json({ limit: 65_536 }))
  app.use((req, res, next) => (req.headers.origin === rp.origins[0] ? next() : res.sendStatus(403)))

  app.post('/countersign/challenge', async (req, res) => {
    const { user, session } = signedIn(req)
    const { rows } = await pool.query('SELECT id FROM keys WHERE user_id = $1', [user])
    const webauthn = await generateAuthenticationOptions({ rpID: rp.id, allowCredentials: rows, userVerification: 'preferred' })
    await pool.query(
      'INSERT INTO challenges VALUES ($1, $2, $3, $4) ON CONFLICT (session) DO UPDATE SET challenge = excluded.challenge, expires = excluded.expires',
      [session, user, webauthn.challenge, now() + 300_000],
    )
    res.json({ challenge: { webauthn } })
  })

  app.post('/countersign/verify', async (req, res) => {
    const { user, session } = signedIn(req)
    const { type, code, response } = req.body.answer
    const ok = type === 'totp' ? await verifyCode(user, code) : await verifyKey(user, session, response)
    if (ok) res.cookie('session', 'new', { httpOnly: true })
    res.status(ok ? 200 : 403).json({ ok })
  })

  async function verifyCode(user, token) {
    const { rows: [app] } = await pool.query('SELECT secret FROM apps WHERE user_id = $1', [user])
    if (!app) return false
    const epoch = Math.floor(now() / 1000)
    const { valid, delta } = await otplib.verify({ secret: app.secret, token, epoch, epochTolerance: 30 })
    if (!valid) return false
    const step = Math.floor(epoch / 30) + delta
    const { rowCount } = await pool.query('UPDATE apps SET used = $2 WHERE user_id = $1 AND used < $2', [user, step])
    return rowCount === 1
  }

  async function verifyKey(user, session, response) {
    const { rows: [open] } = await pool.query('DELETE FROM challenges WHERE session = $1 AND user_id = $2 RETURNING challenge, expires', [session, user])
    if (!open || Number(open.expires) < now()) return false
    const { rows: [key] } = await pool.query('SELECT id, public_key, counter FROM keys WHERE user_id = $1 AND id = $2', [user, response.id])
    if (!key) return false
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: open.challenge,
      expectedOrigin: rp.origins,
      expectedRPID: rp.id,
      credential: { id: key.id, publicKey: new Uint8Array(key.public_key), counter: Number(key.counter) },
      requireUserVerification: false,
    })
    if (!verified) return false
    const { rowCount } = await pool.query('UPDATE keys SET counter = $3 WHERE user_id = $1 AND id = $2 AND (counter < $3 OR $3 = 0)', [user, key.id, authenticationInfo.newCounter])
    return rowCount === 1
  }

  return app
}

const signedIn = ({ headers }) => ({ user: headers['x-user'], session: headers['x-session'] })
