// Counters and traces: closed sets of labels, and nothing of a user.
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'

import test from 'ava'

import { auditTo, callChannel, collectMetrics, metricsType } from '../../index.js'
import type { TracedCall } from '../../index.js'
import { memoryAudit, memoryStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/index.js'
import { callMethods } from '../../facade/service/calls.js'
import { eventReasons } from '../../facade/service/metrics.js'
import { Countersign } from '../../index.js'
import { instrumentCountersign } from '../../docs/recipes/opentelemetry.js'
import type { Tracer } from '../../docs/recipes/opentelemetry.js'
import { Fixture, overriding, wrongCode } from '../helpers/service.js'

/** The samples, by name and labels; every line of the text has to be one, or to describe one. */
function samples(text: string): Record<string, number> {
  const found: Record<string, number> = {}
  let described = ''
  for (const line of text.split('\n').slice(0, -1)) {
    const [, name] = /^# (?:HELP|TYPE) (\w+) [\w ,.]+$/.exec(line) ?? []
    if (name) {
      described = name
      continue
    }
    const [, sample, metric, value] = /^((\w+)\{(?:\w+="[\w-]*",?)*\}) (\d+)$/.exec(line) ?? []
    if (metric === undefined || metric !== described) throw new Error(line)
    found[sample!] = Number(value)
  }
  return found
}

test.serial('counters by type, result and reason', async (t) => {
  using metrics = collectMetrics()
  const audit = auditTo(memoryAudit(), { required: true })
  const fixture = await Fixture.open(memoryStore(), { audit })
  const { uri } = await fixture.enrolTotp('ann')
  fixture.step()
  await fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  await fixture.service.verify('ann', `totp:${totpAt(uri, fixture.now)}`)
  await fixture.service.verify('{"bad"}\n', 'nonsense')
  await t.throwsAsync(fixture.service.challenge('ben', { enrolled: true }), { code: 'record-missing' })
  await t.throwsAsync(fixture.service.status(''), { code: 'invalid-argument' })
  const text = metrics.text()
  t.like(samples(text), {
    'countersign_calls_total{method="beginTotp",result="ok",reason=""}': 1,
    'countersign_calls_total{method="verify",result="ok",reason=""}': 1,
    'countersign_calls_total{method="verify",result="refused",reason="rejected"}': 1,
    'countersign_calls_total{method="verify",result="refused",reason="malformed"}': 1,
    'countersign_calls_total{method="challenge",result="error",reason="record-missing"}': 1,
    'countersign_calls_total{method="status",result="error",reason="invalid-argument"}': 1,
    'countersign_events_total{type="enrolled",factor="totp",reason=""}': 1,
    'countersign_events_total{type="rejected",factor="totp",reason="wrong-code"}': 1,
    'countersign_events_total{type="verified",factor="totp",reason=""}': 1,
    'countersign_audit_entries_total{result="written"}': 3,
    'countersign_audit_entries_total{result="counted"}': 1,
  })
  t.false(text.includes('ann') || text.includes('bad'))
  t.is(metricsType, 'text/plain; version=0.0.4; charset=utf-8')
  metrics.close()
  await fixture.service.status('ann')
  t.is(metrics.text(), text, 'closed')
})

test.serial('a reason that is in no list is counted as other', async (t) => {
  using metrics = collectMetrics()
  const fixture = await Fixture.open(memoryStore())
  const events = await import('../../facade/service/countersign.js').then(({ eventsOf }) => eventsOf(fixture.service))
  events.tell([{ type: 'rejected', reason: 'x"} 1\nforged{' }], 'ann', 0)
  t.deepEqual(samples(metrics.text()), { 'countersign_events_total{type="rejected",factor="",reason="other"}': 1 })
})

async function readAll(items: AsyncIterable<unknown>): Promise<number> {
  let read = 0
  for await (const _ of items) read += 1
  return read
}

test.serial('a report is one call, from its first line to its last or to where somebody stops', async (t) => {
  const heard: string[] = []
  const calls = tracingChannel<object, TracedCall>(callChannel)
  const hear = (when: string) => (call: unknown) => {
    const { method, result, error } = call as TracedCall
    heard.push([when, method, result?.result, (error as { code?: string } | undefined)?.code].filter(Boolean).join(' '))
  }
  const hearers = { start: hear('start'), asyncEnd: hear('end') }
  calls.subscribe(hearers as never)
  t.teardown(() => calls.unsubscribe(hearers as never))
  let fails = false
  const policy = () => {
    if (fails) throw new Error('no database')
    return { require: true }
  }
  const { service } = await Fixture.open(memoryStore(), { policy })
  t.is(await readAll(service.report(['ann', 'bob'])), 2)
  t.deepEqual(heard.splice(0), ['start report', 'end report ok'])
  const report = service.report(['ann', 'bob'])
  t.deepEqual(heard, [], 'nobody has asked for a line')
  for await (const _ of report) {
    t.deepEqual(heard.splice(0), ['start report'])
    break
  }
  t.deepEqual(heard.splice(0), ['end report ok'])
  fails = true
  await t.throwsAsync(readAll(service.report(['ann'])), { code: 'store-failed' })
  t.deepEqual(heard.splice(0), ['start report', 'end report store-failed'])
  t.is(await readAll(service.users()), 0)
  t.deepEqual(heard.splice(0), ['start users', 'end users ok'])
})

test.serial('every method is traced, under its own name', async (t) => {
  const methods: string[] = []
  const calls = tracingChannel<object, TracedCall>(callChannel)
  const heard = (call: unknown) => methods.push((call as TracedCall).method)
  calls.start.subscribe(heard)
  t.teardown(() => calls.start.unsubscribe(heard))
  const fixture = await Fixture.open(memoryStore())
  for (const method of callMethods) {
    const called = (fixture.service[method] as (user: unknown) => Promise<unknown> | AsyncIterable<unknown>)(undefined)
    const done = Symbol.asyncIterator in called ? readAll(called) : called
    await done.catch(() => undefined)
  }
  t.deepEqual(methods, [...callMethods])
  const untraced = ['constructor', 'close']
  const names = Object.getOwnPropertyNames(Countersign.prototype).filter((name) => !untraced.includes(name))
  t.deepEqual(names.sort(), [...callMethods].sort())
})

test.serial('a trace has no user, no value and no secret, and carries a store across the call', async (t) => {
  const calls = tracingChannel<object, TracedCall>(callChannel)
  const spans: string[] = []
  const storage = new AsyncLocalStorage<object>()
  const seen: string[] = []
  const subscribers = {
    start: () => void spans.push('start'),
    end: () => void spans.push('end'),
    asyncStart: () => void spans.push('asyncStart'),
    asyncEnd: (call: TracedCall) => void seen.push(JSON.stringify(call)),
    error: (call: TracedCall) => void seen.push(`error ${(call.error as { code: string }).code}`),
  }
  const memory = memoryStore()
  let within: unknown
  const fixture = await Fixture.open(overriding(memory, { read: (user) => {
    within = storage.getStore()
    return memory.read(user)
  } }))
  calls.subscribe(subscribers as never)
  calls.start.bindStore(storage, (call) => ({ span: call.method }))
  t.teardown(() => {
    calls.unsubscribe(subscribers as never)
    calls.start.unbindStore(storage)
  })
  const { uri, secret } = await fixture.service.beginTotp('ann', { account: 'ann' })
  t.deepEqual(within, { span: 'beginTotp' })
  t.deepEqual(spans, ['start', 'end', 'asyncStart'])
  t.deepEqual(seen, ['{"method":"beginTotp","result":{"result":"ok"}}'])
  t.is(typeof uri, 'string')
  t.false(seen.join().includes(secret))
  await t.throwsAsync(fixture.service.verify('', ''))
  t.is(seen[1], 'error invalid-argument')
})

test('the lists of reasons are whole', async (t) => {
  const { readFile } = await import('node:fs/promises')
  const read = (path: string) => readFile(new URL(path, import.meta.resolve('countersign/package.json')), 'utf8')
  const section = (await read('docs/troubleshooting.md')).split('\n## Reasons of refused answers\n')[1]!.split('\n## ')[0]!
  const documented = [...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, name = '']) => name)
  const types = await read('facade/service/event.ts')
  const warnings = [...types.slice(types.indexOf('export type WarningReason')).matchAll(/\| '([\w-]+)'/g)].map(([, name = '']) => name)
  // One of them is a ceremony's, too.
  const expected = new Set([...documented, ...warnings.filter((name) => name !== 'origin-mismatch')])
  t.deepEqual([...eventReasons].sort(), [...expected].sort())
})

test.serial('the recipe for OpenTelemetry makes a span for each call, and counts events', async (t) => {
  const spans: Record<string, unknown>[] = []
  const counted: Record<string, string>[] = []
  const tracer: Tracer = {
    startSpan(name, { attributes }) {
      const span: Record<string, unknown> = { name, ...attributes }
      return {
        setAttribute: (key, value) => (span[key] = value),
        setStatus: ({ code, message }) => (span['status'] = `${code} ${message}`),
        end: () => spans.push(span),
      }
    },
  }
  const end = instrumentCountersign(tracer, { createCounter: () => ({ add: (_value, attributes) => counted.push(attributes) }) })
  const fixture = await Fixture.open(memoryStore())
  const { uri } = await fixture.enrolTotp('ann')
  await Promise.all([
    fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`),
    t.throwsAsync(fixture.service.challenge('ben', { enrolled: true })),
  ])
  end()
  await fixture.service.status('ann')
  t.deepEqual(spans.slice(0, 2).map(({ name }) => name), ['countersign.beginTotp', 'countersign.finishTotp'])
  t.deepEqual(spans.slice(2).sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1)), [
    {
      name: 'countersign.challenge', 'countersign.method': 'challenge', 'countersign.result': 'error', 'error.type': 'record-missing',
      status: '2 record-missing',
    },
    { name: 'countersign.verify', 'countersign.method': 'verify', 'countersign.result': 'refused', 'countersign.reason': 'rejected' },
  ])
  t.deepEqual(counted, [
    { 'countersign.event': 'enrolled', 'countersign.factor': 'totp' },
    { 'countersign.event': 'rejected', 'countersign.factor': 'totp', 'countersign.reason': 'wrong-code' },
  ])
})
