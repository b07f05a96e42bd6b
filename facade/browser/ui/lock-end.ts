import type { LockEnd } from '../flow/api.js'
import type { Ui } from './ui.js'

/** Says when locked codes are accepted again, and what lifts the lock before that. */
export function lockEnd(ui: Ui, { lockedUntil, unlockedBy = [] }: LockEnd): string {
  // A server of before says nothing of it.
  if (lockedUntil === undefined) return ui.text('unlockOther')
  const methods: string[] = []
  if (unlockedBy.includes('webauthn') || unlockedBy.includes('u2f')) methods.push(ui.text('unlockKey'))
  if (unlockedBy.includes('recovery')) methods.push(ui.text('unlockCode'))
  const said: string[] = []
  if (lockedUntil !== null) said.push(ui.text('unlockAt', { time: ui.time(lockedUntil) }))
  if (methods.length > 0) said.push(ui.text('unlockBy', { methods: ui.either(methods) }))
  return ui.sentences(said) || ui.text('unlockNever')
}
