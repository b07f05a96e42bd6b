import type { ExecutionContext } from 'ava'

import type { Countersign, Outcome, Purpose, Store } from '../../../index.js'

/** A way to send a typed code to the service. */
export type Entry = (service: Countersign, user: string, type: 'totp' | 'recovery', code: unknown) => Promise<Outcome>

/** Every way: both purposes, both forms of an answer. */
export const entries: Record<string, Entry> = {}
for (const purpose of ['sign-in', 'step-up'] as Purpose[]) {
  entries[`${purpose}, object`] = (service, user, type, code) => service.verify(user, { type, code }, { purpose })
  entries[`${purpose}, text`] = (service, user, type, code) =>
    service.verify(user, `${type}:${String(code)}`, { purpose, session: 'a session' })
}

/** Something that succeeded elsewhere, and must not here. */
export interface Attack {
  name: string
  run(t: ExecutionContext, makeStore: () => Promise<Store>, enter: Entry): Promise<void>
}

export const rejected = { ok: false, reason: 'rejected' } as const
export const malformed = { ok: false, reason: 'malformed' } as const
export const locked = { ok: false, reason: 'locked' } as const
