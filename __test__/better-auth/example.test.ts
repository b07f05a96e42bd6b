// The example of the documentation as it stands, and the page's client with it.
import test from 'ava'
import { createAuthClient } from 'better-auth/client'

import { countersignClient } from '../../facade/better-auth/client.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { ExampleServer } from '../http/example-server.js'
import { dropSchema, newPool, own, postgresFound, postgresUrl } from '../stores/engines.js'

const pg = postgresFound ? test : test.skip

pg('examples/better-auth.mjs and the client of the page', async (t) => {
  const schema = `${own}_example`
  const pool = newPool()
  await pool.query(`CREATE SCHEMA ${schema}`)
  process.env.DATABASE_URL = `${postgresUrl}?options=${encodeURIComponent(`-c search_path=${schema}`)}`
  const site = await ExampleServer.start('better-auth.mjs')
  t.teardown(async () => {
    await site.stop()
    await pool.end()
    await dropSchema(schema)
  })
  const asked: string[] = []
  const ann = clientOf(site.origin, asked)
  const account = { email: 'ann@example.com', password: 'correct horse battery' }
  t.is((await ann.signUp.email({ ...account, name: 'Ann' })).error, null)
  t.like((await ann.countersign.session()).data, { state: 'verified', fresh: true, mayEnrol: true })

  const key = new TestAuthenticator({ userVerified: true })
  const options = (await ann.countersign.webauthn.begin({ use: 'passkey' })).data!
  const made = await ann.countersign.webauthn.finish({ response: key.create(options, { origin: site.origin }), description: 'key' })
  t.is(made.error, null)
  t.true((await ann.getSession()).data!.user.countersignEnrolled)
  const { codes } = (await ann.countersign.recoveryCodes()).data!
  t.is(codes.length, 10)

  const later = clientOf(site.origin, asked)
  await later.signIn.email(account)
  t.deepEqual(asked, ['/two-step'])
  t.is((await later.getSession()).data, null)
  const refused = await later.countersign.verify({ answer: { type: 'totp', code: '123456' } })
  t.like(refused.error, { status: 403, reason: 'rejected' })
  const { challenge } = (await later.countersign.challenge()).data!
  const response = key.get(challenge!.webauthn!, { origin: site.origin })
  const { data } = await later.countersign.verify({ answer: { type: 'webauthn', response } })
  t.like(data, { ok: true, factor: { type: 'webauthn' } })
  const session = (await later.getSession()).data!
  t.is(session.user.email, account.email)
  t.true(new Date(session.session.countersignAt as unknown as string).getTime() > Date.now() - 60_000)

  const listed = (await later.countersign.factors.list()).data!
  const [webauthn] = listed.factors.filter(({ type }) => type === 'webauthn')
  t.like(await later.countersign.factors.update({ id: webauthn!.id, description: 'blue key' }), { data: { ok: true } })
  t.like(await later.countersign.factors.remove({ id: 'recovery' }), { data: { ok: true } })
  t.like((await later.countersign.status()).data, { enrolled: true, recoveryCodesLeft: null })

  const passkey = clientOf(site.origin, asked)
  const { webauthn: any } = (await passkey.countersign.passkey.challenge()).data!
  const alone = await passkey.countersign.passkey.verify({ answer: { type: 'webauthn', response: key.get(any, { origin: site.origin }) } })
  t.is(alone.error, null)
  t.is((await passkey.getSession()).data?.user.email, account.email)
  t.is(site.complaints, '')
})

test('the client goes where the page says', async (t) => {
  const { fetchPlugins } = countersignClient()
  const went: string[] = []
  const globals = globalThis as { location?: unknown }
  globals.location = { assign: (url: string) => went.push(url) }
  t.teardown(() => delete globals.location)
  const succeed = (data: unknown) => fetchPlugins?.[0]?.hooks?.onSuccess?.({ data } as never)
  for (const data of [null, {}, { secondFactorRequired: true }, { secondFactorRequired: 1, page: '/x' }]) await succeed(data)
  t.deepEqual(went, [])
  await succeed({ secondFactorRequired: true, page: '/two-step' })
  t.deepEqual(went, ['/two-step'])
})

function clientOf(origin: string, asked: string[]) {
  const cookies = new Map<string, string>()
  const customFetchImpl = async (input: string | URL | Request, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    headers.set('origin', origin)
    headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(input, { ...init, headers })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1)
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      if (value === '' || /max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
  const plugins = [countersignClient({ onSecondFactorRequired: ({ page }) => void asked.push(page) })]
  return createAuthClient({ baseURL: origin, plugins, fetchOptions: { customFetchImpl } })
}
