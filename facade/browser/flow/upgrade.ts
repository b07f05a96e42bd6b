import type { Factor } from '../../shared/factor.js'
import { conditionalCreateSupported, register } from '../index.js'
import type { Api } from './api.js'

/**
 * Conditional create: makes a passkey without a dialog, if the password manager that filled in the password likes to.
 * Nobody asked for it, so nothing is said when nothing comes of it, or when the handler does not allow it.
 */
export async function upgrade(api: Api, description: string, signal: AbortSignal): Promise<Factor | undefined> {
  try {
    if (!(await conditionalCreateSupported())) return undefined
    const options = await api.beginWebauthn({ use: 'passkey', conditional: true })
    const response = await register(options, { conditional: true, signal })
    const enrolled = await api.finishWebauthn({ response, description })
    return enrolled.ok ? enrolled.factor : undefined
  } catch {
    // No passkey, then.
    return undefined
  }
}
