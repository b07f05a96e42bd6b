import type { RefusedAnswer, Verified } from '../flow/api.js'
import { ApiError } from '../flow/api.js'
import { OpenChallenge, waysOf } from '../flow/open-challenge.js'
import { challengeView } from './challenge.js'
import { openDialog } from './dialog.js'
import { lockEnd } from './lock-end.js'
import type { Texts } from './texts.js'
import { Ui } from './ui.js'

/** Options of {@link stepUp} and {@link fetchWithStepUp}. */
export interface StepUpOptions {
  /** The path where `countersign/http` is mounted. Default `/countersign`. */
  base?: string
  /** Replace the default texts, which have the language of `<html lang>`, or English. */
  texts?: Partial<Texts>
  /**
   * Asks a user who has no factor for the password again. Resolves with whether it was right, and the session has its new
   * time. Without it, such a user can't step up.
   */
  reauthenticate?: () => Promise<boolean>
  /**
   * Only offers passkeys and security keys. {@link fetchWithStepUp} does so by itself if the server asks for it. Default false.
   */
  phishingResistant?: boolean
  /** When it aborts, this call resolves with `false`. The dialog closes when no other call waits for it. */
  signal?: AbortSignal | null
}

/** A dialog that is open, and may answer several calls. */
interface Asking {
  phishingResistant: boolean
  answer: Promise<boolean>
  /** How many calls wait for it. */
  waiting: number
  /** Closes it. */
  end(): void
}

let open: Asking | undefined

/**
 * Asks the signed-in user for a factor, in a dialog over the page. Resolves with whether the server accepted it; `false` if
 * the user closed the dialog, or codes are locked. If a dialog of an earlier call is still open, it answers this call too,
 * unless only this one wants `phishingResistant`: then it asks after the other.
 *
 * @throws An error with a `code`: `network`, `not-signed-in`, or the name of another problem of the server
 *
 * @example
 * if (await stepUp()) await deleteAccount()
 */
export function stepUp(options: StepUpOptions = {}): Promise<boolean> {
  // Rendering on a server asks nobody.
  if (!globalThis.document) return Promise.resolve(false)
  const { phishingResistant = false, signal } = options
  if (signal?.aborted) return Promise.resolve(false)
  if (open && phishingResistant && !open.phishingResistant) return after(open.answer, options)
  return join((open ??= ask(options)), signal)
}

/** Two dialogs at once would hide each other. */
async function after(other: Promise<boolean>, options: StepUpOptions): Promise<boolean> {
  await unlessAborted(other.catch(() => false), options.signal)
  return stepUp(options)
}

/** The signal of the call that opens it is that of this call alone. */
function ask(options: StepUpOptions): Asking {
  const closing = new AbortController()
  const forget = (): void => void (open === asking && (open = undefined))
  const answer = inNewPlace({ ...options, signal: closing.signal }).finally(forget)
  const end = (): void => {
    // At once: a call that comes now opens one of its own.
    forget()
    closing.abort()
  }
  const asking: Asking = { phishingResistant: options.phishingResistant ?? false, answer, waiting: 0, end }
  return asking
}

async function join(asking: Asking, signal: AbortSignal | null | undefined): Promise<boolean> {
  asking.waiting += 1
  try {
    return await unlessAborted(asking.answer, signal)
  } finally {
    asking.waiting -= 1
    if (asking.waiting === 0) asking.end()
  }
}

/** `false` as soon as the signal aborts. */
async function unlessAborted(answer: Promise<boolean>, signal: AbortSignal | null | undefined): Promise<boolean> {
  if (!signal) return answer
  let leave = (): void => undefined
  const left = new Promise<false>((resolve) => (leave = () => resolve(false)))
  signal.addEventListener('abort', leave)
  try {
    return await Promise.race([answer, left])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/**
 * `fetch` for the page's own routes that need a fresh verification. If the server answers with the problem
 * `step-up-required`, it asks for a factor as {@link stepUp} does, sends the same request once more, and resolves with the
 * answer to that. If the user gives up, it resolves with the first answer.
 *
 * Only an answer from the page's own origin is taken for that, and of a request other than GET and HEAD only one that was not
 * redirected: the server may have done its work already. A body that is a `ReadableStream` can't be sent twice: then it
 * rejects with a `TypeError` after the step-up, and the page can send the request again.
 *
 * @example
 * const response = await fetchWithStepUp('/account', { method: 'DELETE' })
 */
export async function fetchWithStepUp(
  input: RequestInfo | URL,
  init?: RequestInit,
  options: StepUpOptions = {},
): Promise<Response> {
  const request = new Request(input, init)
  const isStream = init?.body instanceof ReadableStream
  const again = isStream || !isOurs(request.url) ? undefined : request.clone()
  const response = await fetch(request)
  // Where the answer is that of another address, the first one may have done what was asked: not a second time.
  if (response.redirected && !['GET', 'HEAD'].includes(request.method)) return response
  const wanted = await wantedStepUp(response)
  if (!wanted) return response
  if (!(await stepUp({ signal: request.signal, ...options, ...wanted }))) return response
  if (again) return fetch(again)
  throw new TypeError('The user was verified. A body that is a stream can only be sent once: send the request again')
}

/** Asks for a factor in the place of `ui`. `reauthenticate` is called if the user has none. */
export async function askForFactor(
  ui: Ui, reauthenticate: () => Promise<boolean>, { phishingResistant = false, signal }: Pick<StepUpOptions, 'phishingResistant' | 'signal'> = {},
): Promise<boolean> {
  const wanted = phishingResistant ? ({ phishingResistant } as const) : {}
  const { challenge, require } = await ui.api.challenge(wanted)
  if (signal?.aborted) return false
  if (!challenge && phishingResistant) {
    // The password again would not be enough.
    ui.say(ui.text('keyNeeded'))
    return false
  }
  if (!challenge) return reauthenticate()
  const outcome = await openDialog<Verified | RefusedAnswer>(ui, {
    title: ui.text('confirm'),
    lead: ui.text('confirmLead'),
    content: (close) => {
      const open = new OpenChallenge(ui.api, challenge, () => ui.signal, close, wanted)
      const { answer, useKey } = open
      return challengeView(ui, challenge, waysOf(challenge), { answer, useKey, wanted, require, mayRemoveLost: false }).nodes
    },
  })
  if (outcome && !outcome.ok) ui.say(ui.sentences([ui.text('locked'), lockEnd(ui, outcome)]))
  return outcome?.ok ?? false
}

async function inNewPlace({ base, texts = {}, reauthenticate, signal, phishingResistant = false }: StepUpOptions): Promise<boolean> {
  const host = document.createElement('div')
  if (base !== undefined) host.setAttribute('base', base)
  const ui = new Ui(host, host.attachShadow({ mode: 'open' }))
  ui.own = texts
  const end = (): void => ui.end()
  document.body.append(host)
  try {
    await ui.loadTexts()
    if (signal?.aborted) return false
    signal?.addEventListener('abort', end)
    return await askForFactor(ui, async () => {
      if (!reauthenticate) throw new ApiError('step-up-required')
      return reauthenticate()
    }, { phishingResistant, ...(signal && { signal }) })
  } finally {
    signal?.removeEventListener('abort', end)
    // What it says stays for as long as it takes to read it.
    const message = ui.root.querySelector('.status')?.textContent
    setTimeout(() => host.remove(), message ? 5000 : 0)
  }
}

const isOurs = (url: string): boolean => new URL(url).origin === globalThis.location?.origin

/** What our server wants to be proved. Another site's answer must not open a dialog. */
async function wantedStepUp(response: Response): Promise<{ phishingResistant?: true } | undefined> {
  if (![401, 403].includes(response.status) || response.type !== 'basic' || !isOurs(response.url)) return undefined
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return undefined
  const problem = (await response.clone().json().catch(() => null)) as Record<string, unknown> | null
  if (problem?.type !== 'urn:countersign:problem:step-up-required') return undefined
  return problem.phishingResistant === true ? { phishingResistant: true } : {}
}
