// The remembered browsers of a user, from the command line.
import test from 'ava'

import { directoryStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { countersign } from '../helpers/command-line.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture } from '../helpers/service.js'

test('browsers are listed and forgotten, as text and as JSON', async (t) => {
  const path = temporaryDirectory()
  const fixture = await Fixture.open(directoryStore(path))
  fixture.now = Date.now() - 300_000
  const { uri } = await fixture.enrolTotp('ann')
  const tokens: unknown[] = []
  for (const label of ['Firefox on Linux', 'Safari\u001b on iPhone', '']) {
    fixture.step()
    const answer = { type: 'totp', code: totpAt(uri, fixture.now) }
    const outcome = await fixture.service.verify('ann', answer, { remember: { label } })
    tokens.push(outcome.ok && outcome.token)
  }
  const store = ['--store', `directory:${path}`]
  const { json } = await countersign(['browsers', 'ann', '--json', ...store])
  t.is(json.user, 'ann')
  t.deepEqual(json.browsers.map(({ label }: { label: string }) => label), ['', 'Safari  on iPhone', 'Firefox on Linux'])
  const shown = await countersign(['browsers', 'ann', ...store])
  t.regex(shown.stdout, /^[\da-f-]{36} {2}last used 20\d\d-\d\d-\d\d {2}until 20\d\d-\d\d-\d\d\n/)
  t.regex(shown.stdout, /\n[\da-f-]{36} {2}Firefox on Linux {2}last used /)
  t.true(tokens.every((token) => typeof token === 'string' && !`${shown.stdout}${JSON.stringify(json)}`.includes(token)))

  const [{ id }] = json.browsers
  t.like(await countersign(['forget', 'ann', id, ...store]), { code: 0, stdout: '1 forgotten\n' })
  t.like(await countersign(['forget', 'ann', id, ...store]), { code: 1, stdout: '', stderr: 'This user has no such browser\n' })
  t.deepEqual((await countersign(['forget', 'ann', id, '--json', ...store])).json, { ok: false, reason: 'no-such-browser' })
  t.deepEqual((await countersign(['forget', 'ann', '--json', '--by', 'root', ...store])).json, { ok: true, forgotten: 2 })
  t.like(await countersign(['forget', 'ann', ...store]), { code: 0, stdout: '0 forgotten\n', stderr: '' })
  t.like(await countersign(['browsers', 'ann', ...store]), { code: 0, stdout: 'No browser is remembered\n' })
  t.deepEqual((await countersign(['browsers', 'nobody', '--json', ...store])).json, { user: 'nobody', browsers: [] })
})
