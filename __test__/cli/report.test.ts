// countersign report: who has not enrolled what the module's policy requires.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { directoryStore } from '../../facade/stores/index.js'
import { countersign } from '../helpers/command-line.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture } from '../helpers/service.js'

const onUnix = process.platform === 'win32' ? test.skip : test

async function withStore(policy: string) {
  const folder = temporaryDirectory()
  const store = directoryStore(join(folder, 'store'), { create: true })
  const by = Date.UTC(2100, 0, 1)
  const fixture = await Fixture.open(store, { policy: () => ({ require: true, by }) })
  await fixture.enrolTotp('ann')
  await fixture.enrolKey('bob')
  await fixture.service.enforcement('cid')
  const [users, module] = [join(folder, 'users'), join(folder, 'policy.mjs')]
  writeFileSync(users, 'ann\nbob\r\ncid\n\nd\u001b[31man\n')
  writeFileSync(module, policy)
  return { folder, fixture, module, args: ['report', '--store', join(folder, 'store'), '--users', users, '--policy', module] }
}

onUnix('it lists to whom something is missing, and nobody else', async (t) => {
  const { args, fixture } = await withStore('export const policy = () => ({ require: true, by: 4070908800000 })')
  const { code, stdout, stderr } = await countersign(args)
  t.is(code, 0, stderr)
  t.deepEqual(stdout.split('\n'), [
    'grace     cid  until 2099-01-01  needs any factor  has nothing',
    'grace     d\\u{1b}[31man  until 2099-01-01  needs any factor  has nothing',
    '',
  ])
  t.is(stderr, 'nothing is missing: 2; in time: 2; too late: 0; not readable: 0\n')
  const { json } = await countersign([...args, '--all', '--json'])
  t.deepEqual(json.counts, { none: 2, grace: 2, expiring: 0, required: 0, failed: 0 })
  t.deepEqual(json.users.map((line: { user: string; state: string }) => [line.user, line.state]), [
    ['ann', 'none'], ['bob', 'none'], ['cid', 'grace'], ['d\u001b[31man', 'grace'],
  ])
  const stored = []
  for await (const user of fixture.service.users()) stored.push(user)
  t.deepEqual(stored.toSorted(), ['ann', 'bob', 'cid'], 'nothing was stored')
  const piped = await countersign(args.map((one) => (one.endsWith('users') && one !== '--users' ? '-' : one)), { stdin: 'zoe\nann' })
  t.regex(piped.stdout, /^grace {5}zoe [^\n]*\n$/)
})

onUnix('a policy may be the default export, and ask for more', async (t) => {
  const { args } = await withStore('export default async ({ factors }) => ({ require: { phishingResistant: true } })')
  const { stdout } = await countersign(args)
  const today = /  since \d{4}-\d\d-\d\d  /
  t.deepEqual(stdout.split('\n').map((line) => line.replace(today, ' now ')), [
    'required  ann now needs phishingResistant  has totp',
    'required  cid now needs phishingResistant  has nothing',
    'required  d\\u{1b}[31man now needs phishingResistant  has nothing',
    '',
  ])
})

onUnix('a module without a policy, and one that is not there, are mistakes of usage', async (t) => {
  const { args, module } = await withStore('export const other = 1')
  const none = await countersign(args)
  t.is(none.code, 2)
  t.regex(none.stderr, /must export a function/)
  t.is((await countersign(args.map((one) => (one === module ? `${module}.gone` : one)))).code, 3)
  t.is((await countersign(['report', '--store', 'x'])).code, 2)
})

onUnix('show and users tell of a stored deadline', async (t) => {
  const { args } = await withStore('')
  const store = args.slice(1, 3)
  t.is((await countersign(['show', 'cid', ...store])).stdout, 'cid: no factor\ndeadline: any factor by 2100-01-01T00:00:00.000Z\n')
  t.is((await countersign(['show', 'dan', ...store])).code, 1)
  t.true((await countersign(['users', ...store])).stdout.split('\n').includes('cid'))
})
