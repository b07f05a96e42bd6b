// The settings show what happened to the account, and more of it on demand.
import { memoryAudit } from 'countersign/stores'
import { auditTo } from 'countersign'
import { accessible } from './axe.js'
import { scenes } from './scene.js'

const scene = scenes()

scene('what happened to the account is in the settings, and older things on demand', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  const card = ann.page.locator('section.card').filter({ has: ann.page.getByRole('heading', { name: 'Recent activity' }) })
  const rows = card.getByRole('listitem')
  await rows.filter({ hasText: 'Added: Authenticator app' }).waitFor()
  t.regex(await rows.first().innerText(), /\d.*(?:127\.0\.0\.1|::1)/, 'when, and from where')
  t.is(await card.getByRole('button').count(), 0)

  await ann.returnWithPassword()
  await ann.typeTotp('000000')
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  await rows.filter({ hasText: 'A verification attempt failed' }).waitFor()
  await rows.filter({ hasText: 'Verified with: Authenticator app' }).waitFor()
  await accessible(t, ann.page, 'the card')

  for (let times = 0; times < 10; times++) {
    demo.pass(60_000)
    await ann.returnWithPassword()
    await ann.typeTotp(ann.nextCode())
    await ann.signedIn()
  }
  await rows.nth(9).waitFor()
  t.is(await rows.count(), 10)
  await card.getByRole('button', { name: 'Show more' }).click()
  await rows.filter({ hasText: 'Added: Authenticator app' }).waitFor()
  t.is(await rows.count(), 13)
  t.is(await card.getByRole('button').count(), 0)

  await ann.page.locator('countersign-settings').evaluate((settings) => settings.setAttribute('lang', 'de'))
  await ann.page.getByRole('heading', { name: 'Letzte Aktivitäten' }).waitFor()
}, { audit: auditTo(memoryAudit()) })

scene('without an audit log there is no such card', async ({ t, ann }) => {
  await ann.enrolTotp()
  t.is(await ann.page.getByText('Recent activity').count(), 0)
})
