// What docs/better-auth.md says of better-auth's own plugins, held to those that are installed.
import { readFile } from 'node:fs/promises'
import { passkey } from '@better-auth/passkey'
import test from 'ava'
import { magicLink, twoFactor } from 'better-auth/plugins'

import { totpAt } from '../../facade/testing/totp-at.js'
import { databases, withTables } from '../helpers/better-auth.js'
import { Browser } from './host.js'

const root = new URL('../../../', import.meta.url)
const [make] = Object.values(databases)
const account = { email: 'ann@example.com', password: 'correct horse battery' }

test('the page names the versions that were looked at', async (t) => {
  const page = await readFile(new URL('docs/better-auth.md', root), 'utf8')
  const version = async (name: string) => JSON.parse(await readFile(new URL(`node_modules/${name}/package.json`, root), 'utf8')).version
  const named = `\`two-factor\` of better-auth ${await version('better-auth')} and \`@better-auth/passkey\` ${await version('@better-auth/passkey')}`
  t.true(page.includes(named), named)
})

;(make ? test : test.skip)("what better-auth's own plugins do", async (t) => {
  const mails: string[] = []
  const made: string[] = []
  const auth = await withTables({
    database: await make!(),
    rateLimit: { enabled: false },
    emailAndPassword: { enabled: true },
    databaseHooks: { session: { create: { after: async ({ token }) => void made.push(token) } } },
    plugins: [twoFactor(), passkey(), magicLink({ sendMagicLink: async ({ token }) => void mails.push(token) })],
  })
  const browser = new Browser(auth)
  await browser.post('/sign-up/email', { ...account, name: 'Ann' })
  const { totpURI } = await browser.json('/two-factor/enable', { password: account.password })
  const secret = new URL(totpURI).searchParams.get('secret') as string
  const code = totpAt(secret, Date.now())
  t.is((await browser.post('/two-factor/verify-totp', { code })).status, 200)

  // A session is made before the second factor, and deleted; a code that was used counts again.
  const before = made.length
  for (const other of [new Browser(auth), new Browser(auth)]) {
    t.like(await other.json('/sign-in/email', account), { twoFactorRedirect: true })
    t.is((await other.post('/two-factor/verify-totp', { code })).status, 200)
    t.not(await other.user(), undefined)
  }
  t.is(made.length, before + 4)

  // A sign-in without a password asks for nothing more.
  const link = new Browser(auth)
  await link.post('/sign-in/magic-link', { email: account.email })
  await link.fetch(`/magic-link/verify?token=${mails.at(-1)}`)
  t.not(await link.user(), undefined)
})
