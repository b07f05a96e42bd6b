import { authenticate, conditionalSupported } from '../index.js'
import type { Api } from './api.js'

/** Less than a challenge lives on the server. */
const RENEWAL = 4 * 60_000

/**
 * Offers passkeys in the autofill of the page's own name field, `autocomplete="username webauthn"`, and waits there
 * with a fresh challenge every few minutes. Undefined: the browser can't, or another ceremony ended it.
 */
export async function autofill(api: Api, signal: AbortSignal): Promise<object | undefined> {
  if (!(await conditionalSupported()) || !(await fieldShown(signal))) return undefined
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

/** A framework may draw the field when it hears that nobody is signed in, or later. False: it was not drawn before the end. */
function fieldShown(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (): void => {
      const shown = document.querySelector('input[autocomplete~="webauthn"]') !== null
      if (!shown && !signal.aborted) return
      observer.disconnect()
      resolve(shown && !signal.aborted)
    }
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true, attributeFilter: ['autocomplete'] })
    signal.addEventListener('abort', look)
    look()
  })
}

/** A page in the background asks for no challenges. */
async function shown(): Promise<void> {
  while (document.visibilityState === 'hidden') {
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }))
  }
}
