// An audit store that never answers. Time is set by hand, so nothing else is tested in this file.
import { mock } from 'node:test'

import test from 'ava'

import { auditTo } from '../../index.js'
import { memoryAudit, memoryStore } from '../../facade/stores/index.js'
import type { AuditStore } from '../../facade/stores/index.js'
import { Fixture } from '../helpers/service.js'

/** What became of a promise after 10 seconds, and not before. */
async function afterTenSeconds(work: Promise<unknown>): Promise<unknown> {
  let ended: unknown = 'waits'
  void work.then(() => (ended = 'resolved'), (error: unknown) => (ended = error))
  await settle()
  mock.timers.tick(9_900)
  await settle()
  if (ended !== 'waits') return 'too early'
  mock.timers.tick(200)
  await settle()
  return ended
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate)
}

for (const required of [true, false]) {
  test.serial(`required: ${required}: no call and no close waits for a store that hangs for more than 10 seconds`, async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const lines = memoryAudit()
      let hangs = true
      let later: (() => Promise<void>) | undefined
      const store: AuditStore = {
        append: (user, line) => {
          if (!hangs) return lines.append(user, line)
          later = () => lines.append(user, line)
          return new Promise(() => {})
        },
        read: (user, page) => lines.read(user, page),
      }
      const audit = auditTo(store, { required })
      const fixture = await Fixture.open(memoryStore(), { audit })
      const enrolling = fixture.enrolTotp('ann')
      const ended = await afterTenSeconds(required ? enrolling : enrolling.then(() => fixture.service.close()))
      if (required) t.like(ended, { code: 'store-failed', message: 'The store failed: the audit store took more than 10 seconds' })
      else t.is(ended, 'resolved')
      // What comes too late is not written any more: it was said to be missing.
      await t.throwsAsync(later!(), { code: 'store-failed' })
      hangs = false
      const other = await fixture.another({ audit })
      t.like(await other.removeFactors('ann'), { ok: true })
      t.true((await audit.check('ann')).ok)
      if (required) await fixture.service.close()
    } finally {
      mock.timers.reset()
    }
  })
}
