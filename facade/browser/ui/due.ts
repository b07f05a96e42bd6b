import type { Ui } from './ui.js'

/** What the site wants to be enrolled. */
export interface Due {
  /** Epoch milliseconds. */
  by: number
  /** The time is over. */
  required: boolean
  /** Only security keys and passkeys will do. */
  keysOnly: boolean
}

/** What the person reads of it: how many days are left, the last one included. */
export function dueText(ui: Ui, { by, required, keysOnly }: Due): string {
  if (required) return ui.text(keysOnly ? 'overdueKey' : 'overdue')
  const days = Math.max(1, Math.ceil((by - Date.now()) / 86_400_000))
  return ui.plural(keysOnly ? 'daysLeftKey' : 'daysLeft', days)
}
