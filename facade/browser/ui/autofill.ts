import { authenticate, conditionalSupported } from '../index.js'
import type { Api } from './api.js'

/** Less than a challenge lives on the server. */
const RENEWAL = 4 * 60_000

/**
 * Offers passkeys in the autofill of the page's own name field, `autocomplete="username webauthn"`, and waits there
 * with a fresh challenge every few minutes. Undefined: there is no such field or browser, or another ceremony ended it.
 */
export async function autofill(api: Api, signal: AbortSignal): Promise<object | undefined> {
  if (!document.querySelector('input[autocomplete~="webauthn"]') || !(await conditionalSupported())) return undefined
  while (!signal.aborted) {
    await shown()
    const { webauthn } = await api.passkeyChallenge()
    const turn = new AbortController()
    const end = (): void => turn.abort()
    const timer = setTimeout(end, RENEWAL)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    try {
      return await authenticate(webauthn, { conditional: true, signal: turn.signal })
    } catch {
      if (!turn.signal.aborted) return undefined
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
    }
  }
  return undefined
}

/** A page in the background asks for no challenges. */
async function shown(): Promise<void> {
  while (document.visibilityState === 'hidden') {
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }))
  }
}
