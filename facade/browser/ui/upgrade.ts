import { conditionalCreateSupported, register } from '../index.js'
import type { Ui } from './ui.js'

/**
 * Conditional create: makes a passkey without a dialog, if the password manager that filled in the password likes to.
 * Nobody asked for it, so nothing is said when nothing comes of it, or when the handler does not allow it.
 */
export async function upgrade(ui: Ui): Promise<void> {
  try {
    if (!(await conditionalCreateSupported())) return
    const options = await ui.api.beginWebauthn({ use: 'passkey', conditional: true })
    const response = await register(options, { conditional: true, signal: ui.signal })
    const enrolled = await ui.api.finishWebauthn({ response, description: ui.text('passkey') })
    if (enrolled.ok) ui.tell('changed', { factor: enrolled.factor })
  } catch {
    // No passkey, then.
  }
}
