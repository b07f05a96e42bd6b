import { spawnSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { Countersign, eventChannel } from '../../index.js'
import type { CountersignEvent } from '../../index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, rp, wrongCode } from '../helpers/service.js'

const example = (name: string) => import(new URL(`../../../examples/${name}`, import.meta.url).href)

function listen(t: ExecutionContext, listener: (event: CountersignEvent) => void): void {
  const subscriber = (event: unknown) => listener(event as CountersignEvent)
  subscribe(eventChannel, subscriber)
  t.teardown(() => unsubscribe(eventChannel, subscriber))
}

test.serial('the channel has every event of every service, and onEvent the same', async (t) => {
  t.is(eventChannel, 'countersign:event')
  const heard: CountersignEvent[] = []
  listen(t, (event) => heard.push(event))
  const one = await Fixture.open(memoryStore())
  const other = await Fixture.open(memoryStore())
  const { uri } = await one.enrolTotp('ann')
  await other.enrolKey('ben')
  await one.service.verify('ann', `totp:${wrongCode(uri, one.now)}`)
  t.deepEqual(heard.map(({ type, user }) => `${type} ${user}`), ['enrolled ann', 'enrolled ben', 'rejected ann'])
  t.deepEqual(heard, [one.events[0]!, other.events[0]!, one.events[1]!])
  t.false(JSON.stringify(heard).includes(new URL(uri).searchParams.get('secret')!))
})

test.serial('services without onEvent publish too', async (t) => {
  const now = Date.now()
  const service = await Countersign.open({ rp, store: memoryStore(), now: () => now })
  const heard: CountersignEvent[] = []
  listen(t, (event) => heard.push(event))
  const { enrolment, uri } = await service.beginTotp('ann', { account: 'ann' })
  await service.finishTotp('ann', { enrolment, code: totpAt(uri, now), description: '' })
  t.deepEqual(heard.map(({ type }) => type), ['enrolled'])
})

test.serial('what a subscriber changes, onEvent does not see', async (t) => {
  listen(t, (event) => {
    event.user = 'somebody else'
    event.factor!.type = 'yubico'
  })
  const fixture = await Fixture.open(memoryStore())
  await fixture.enrolTotp('ann')
  t.like(fixture.events[0], { user: 'ann', factor: { type: 'totp' } })
})

test.serial('a subscriber that throws changes no answer: Node reports it to the process', (t) => {
  const script = `
    import { subscribe } from 'node:diagnostics_channel'
    import { Countersign, eventChannel } from 'countersign'
    import { memoryStore } from 'countersign/stores'
    import { totpAt } from 'countersign/testing'
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    subscribe(eventChannel, () => { throw new Error('mine') })
    const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
    const service = await Countersign.open({ rp, store: memoryStore() })
    const { enrolment, uri } = await service.beginTotp('ann', { account: 'ann' })
    const done = await service.finishTotp('ann', { enrolment, code: totpAt(uri, Date.now()), description: '' })
    console.log('ok', done.ok)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  t.deepEqual(stdout.trim().split('\n').sort(), ['ok true', 'uncaught mine'])
})

test.serial('example › mails go out for what the user should know, and for nothing else', async (t) => {
  const { mailEvents } = await example('mail-events.mjs')
  const mails: { to: string; subject: string; text: string }[] = []
  const mailer = { sendMail: async (mail: (typeof mails)[number]) => mails.push(mail) }
  const addressOf = async (user: string) => (user === 'ann' ? 'ann@example.com' : undefined)
  const onEvent = mailEvents({ mailer, from: 'security@example.com', addressOf })
  const fixture = await Fixture.open(memoryStore())
  const service = await fixture.another({ onEvent })
  fixture.service = service
  const { uri } = await fixture.enrolTotp('ann')
  const { factor } = await fixture.enrolKey('ann')
  const codes = await service.createRecoveryCodes('ann')
  await service.verify('ann', `recovery:${codes[0]}`)
  for (let tries = 0; tries < 8; tries += 1) await service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  await service.removeFactor('ann', factor.id)
  await fixture.enrolKey('ben')
  await service.removeUser('ann')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.deepEqual(mails.map(({ to, subject }) => `${to}: ${subject}`), [
    'ann@example.com: Second factor added', 'ann@example.com: Second factor added', 'ann@example.com: Recovery code used',
    'ann@example.com: Codes locked', 'ann@example.com: Second factor removed', 'ann@example.com: Second factor removed',
  ])
  t.regex(mails[2]!.text, /Codes left: 9\./)
  t.regex(mails[3]!.text, /an authenticator app stopped being accepted/)
  t.regex(mails[5]!.text, /every second factor of your account was removed/)
  const all = JSON.stringify(mails)
  for (const secret of [new URL(uri).searchParams.get('secret')!, ...codes]) t.false(all.includes(secret))
})

test.serial('example › a mail that fails is told to the host, and the sign-in goes on', async (t) => {
  const { mailEvents } = await example('mail-events.mjs')
  const failures: unknown[] = []
  const mailer = { sendMail: () => Promise.reject(new Error('no route')) }
  const onError = (error: unknown) => failures.push(error)
  const fixture = await Fixture.open(memoryStore())
  fixture.service = await fixture.another({ onEvent: mailEvents({ mailer, from: '', addressOf: () => 'a@b', onError }) })
  await fixture.enrolTotp('ann')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.is(String(failures[0]), 'Error: no route')
})

test.serial('example › an audit line for each event, which no name can forge', async (t) => {
  const { auditTo } = await example('audit-log.mjs')
  const out = new PassThrough()
  const end = auditTo(out)
  const fixture = await Fixture.open(memoryStore())
  const user = 'ann\n{"event":"unlocked"}'
  const { factor } = await fixture.enrolTotp(user)
  await fixture.service.verify(user, 'totp:12')
  end()
  await fixture.service.removeUser(user)
  out.end()
  const lines = (await text(out)).trimEnd().split('\n').map((line) => JSON.parse(line) as object)
  const time = new Date(fixture.now).toISOString()
  t.deepEqual(lines, [
    { time, event: 'enrolled', user, factor: 'totp', id: factor.id },
    { time, event: 'rejected', user, factor: 'totp', reason: 'malformed' },
  ])
})
