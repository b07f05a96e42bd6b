import type { Challenge } from '../../service/challenge.js'
import type { Requirement } from '../../service/assurance.js'
import type { TypedFactorType } from '../../shared/factor.js'
import { supported } from '../index.js'
import type { Wanted } from '../flow/api.js'
import type { OpenChallenge, Way } from '../flow/open-challenge.js'
import type { Settled } from '../flow/settled.js'
import { alert, button, checkbox, codeField, field, form, otpField, untold, type Style } from './controls.js'
import { element, newId } from './dom.js'
import { icon } from './icons.js'
import { lockEnd } from './lock-end.js'
import type { TextName } from './texts.js'
import type { Ui } from './ui.js'

export interface ChallengeOptions extends Pick<OpenChallenge, 'answer' | 'useKey'> {
  /** Whether a recovery code may get rid of the other factors. */
  mayRemoveLost: boolean
  /** Whether the person may have this browser remembered. */
  mayRemember?: boolean
  /** What is to be said first, unless the challenge itself says that codes are locked. */
  notice?: string | undefined
  /** What the challenge was asked to require. */
  wanted?: Wanted
  /** What the site requires of every answer. */
  require?: Requirement | undefined
}

const lockedTexts: Record<TypedFactorType, TextName> = {
  totp: 'lockedTotp',
  recovery: 'lockedRecovery',
  yubico: 'lockedYubico',
}

/** The ways to answer the challenge; and where the focus belongs, if there is any. */
export function challengeView(
  ui: Ui,
  challenge: Challenge,
  offered: Way[],
  { mayRemoveLost, mayRemember = false, notice: before, wanted = {}, require, answer, useKey }: ChallengeOptions,
): { nodes: Node[]; focus: HTMLElement | undefined } {
  const locked = challenge.locked ?? []
  const left = challenge.recovery?.left ?? 0
  const ways: HTMLElement[] = []
  const alone = offered.length === 1
  const recovery = offered.includes('recovery')
    ? byRecoveryCode(ui, left, { open: alone, mayRemoveLost, send: (code, removeLost) => send({ type: 'recovery', code }, removeLost) })
    : undefined
  const [tick, hint] = mayRemember ? rememberBox(ui) : []
  const remember = (): boolean => tick?.querySelector('input')?.checked === true
  /** One main action a view: the first. */
  const style = (): Style => (ways.length === 0 ? 'primary' : '')

  async function send(value: object, removeLost = false): Promise<string | undefined> {
    return refusal(ui, await answer(value, { removeLost, remember: remember() }))
  }

  if (offered.includes('webauthn')) ways.push(byKey(ui, async () => refusal(ui, await useKey({ remember: remember() }))))
  if (offered.includes('totp')) {
    ways.push(
      form(ui, {
        fields: [field(ui.text('appCode'), { ...codeField, placeholder: '123 456' })],
        action: ui.text('continue'),
        style: style(),
        submit: async ({ code }) => {
          if (!recovery || !isRecoveryCode(code ?? '')) return send({ type: 'totp', code })
          fillIn(recovery, code ?? '')
          return ui.text('thatIsRecovery')
        },
      }),
    )
  }
  if (offered.includes('yubico')) {
    ways.push(
      form(ui, {
        fields: [field(ui.text('yubicoCode'), otpField, ui.text('yubicoHint'))],
        action: ui.text('continue'),
        style: style(),
        submit: ({ code }) => send({ type: 'yubico', code }),
      }),
    )
  }
  if (recovery) ways.push(recovery)

  const notices = locked.map((type) => ui.text(lockedTexts[type]))
  if (challenge.webauthn && !supported()) notices.push(ui.text('noKeyHere'))
  if (challenge.recovery && left === 0) notices.push(ui.text('recoveryNone'))
  const wantsKey = require !== undefined || wanted.phishingResistant === true
  const noKey = wantsKey && !challenge.webauthn
  if (ways.length === 0) notices.push(ui.text(noKey ? (require ? 'keyMissing' : 'keyNeeded') : 'nothingOffered'))
  if (locked.length > 0) notices.push(lockEnd(ui, challenge))
  else if (ways.length === 0 && !noKey) notices.push(ui.text('tryElsewhere'))

  const nodes = ways.flatMap((way, at) => (at === 0 ? [way] : [element('p', { class: 'or' }, ui.text('or')), way]))
  // One notice, not two that stand together.
  if (before && locked.length === 0) notices.unshift(before)
  const notice = notices.length > 0 ? [element('p', { class: 'notice' }, ui.sentences(notices))] : []
  return {
    // Before the ways: it is for each of them. Without any, it would promise what can't be.
    nodes: [element('div', { class: 'challenge' }, ...notice, ways.length > 0 && tick, ways.length > 0 && hint, ...nodes)],
    focus: ways[0]?.querySelector<HTMLElement>('input, button') ?? undefined,
  }
}

/** A box that is not ticked, whatever was chosen before, and what to think of first. */
function rememberBox(ui: Ui): [tick: HTMLElement, hint: HTMLElement] {
  const tick = checkbox(ui.text('remember'), 'remember')
  const hint = element('p', { class: 'hint', id: newId() }, ui.text('rememberHint'))
  tick.querySelector('input')?.setAttribute('aria-describedby', hint.id)
  return [tick, hint]
}

/** What the person reads of a refusal; a lock ends the view, and is said in the next. */
function refusal(ui: Ui, settled: Settled): string | undefined {
  return settled.ok || settled.reason === 'locked' ? undefined : ui.reason(settled.reason)
}

function byKey(ui: Ui, use: () => Promise<string | undefined>): HTMLElement {
  const error = alert()
  const click = async (): Promise<void> => {
    error.textContent = ''
    error.textContent = (await use()) ?? ''
  }
  return element('div', {}, button(ui, [icon('key'), ui.text('useKey')], click, { style: 'primary wide' }), error)
}

function byRecoveryCode(
  ui: Ui,
  left: number,
  { open, mayRemoveLost, send }: {
    open: boolean
    mayRemoveLost: boolean
    send: (code: string | undefined, removeLost: boolean) => Promise<string | undefined>
  },
): HTMLElement {
  const placeholder = 'xxxx-xxxx-xxxx-xxxx'
  const attributes = { ...untold, name: 'code', class: 'code', placeholder, maxlength: 64, required: true }
  const lost = mayRemoveLost ? [checkbox(ui.text('removeLost'), 'lost')] : []
  const made = form(ui, {
    fields: [field(ui.text('recoveryCode'), attributes, ui.plural('recoveryLeft', left)), ...lost],
    action: ui.text('recoveryContinue'),
    style: open ? 'primary' : '',
    submit: ({ code, lost }) => send(code, lost !== undefined),
  })
  // Alone it needs no unfolding.
  return open ? made : element('details', {}, element('summary', {}, ui.text('useRecovery')), made)
}

/** Whether it has the 16 digits of a recovery code, which no app shows: people paste it into the first field they see. */
function isRecoveryCode(code: string): boolean {
  // Its line in a list may begin with a label or a number.
  const line = code.normalize('NFKC').split(':').findLast((part) => /[\p{L}\p{N}]/u.test(part)) ?? ''
  const digits = line.replace(/^[^\dA-Za-z]*\d\d?\d?[.)\]]/, '').replaceAll(/[^\p{L}\p{N}]/gu, '')
  return /^[\da-foilA-FOIL]{16}$/.test(digits)
}

function fillIn(place: HTMLElement, code: string): void {
  if (place instanceof HTMLDetailsElement) place.open = true
  const input = place.querySelector<HTMLInputElement>('input[name="code"]')
  if (input) input.value = code
}
