import type { Challenge } from '../../service/challenge.js'
import type { TypedFactorType } from '../../shared/factor.js'
import { authenticate, supported } from '../index.js'
import { textOf, type RefusedAnswer, type Verified } from './api.js'
import { alert, button, checkbox, codeField, field, form, otpField, untold, type Style } from './controls.js'
import { element } from './dom.js'
import { icon } from './icons.js'
import { lockEnd } from './lock-end.js'
import type { TextName } from './texts.js'
import type { Ui } from './ui.js'

export interface ChallengeOptions {
  /** Whether a recovery code may get rid of the other factors. */
  mayRemoveLost: boolean
  /** What is to be said first, unless the challenge itself says that codes are locked. */
  notice?: string | undefined
  /** Called with each outcome that ends it: `ok`, or `locked`. */
  done: (outcome: Verified | RefusedAnswer) => unknown
}

const lockedTexts: Record<TypedFactorType, TextName> = {
  totp: 'lockedTotp',
  recovery: 'lockedRecovery',
  yubico: 'lockedYubico',
}

/** What the challenge offers, less what is locked or used up; and where the focus belongs, if anything is offered. */
export function challengeView(
  ui: Ui,
  challenge: Challenge,
  { mayRemoveLost, notice: before, done }: ChallengeOptions,
): { nodes: Node[]; focus: HTMLElement | undefined } {
  const locked = challenge.locked ?? []
  const left = challenge.recovery?.left ?? 0
  const canType = (type: TypedFactorType, offered: unknown): boolean => Boolean(offered) && !locked.includes(type)
  const ways: HTMLElement[] = []
  let recovery: HTMLElement | undefined
  /** One main action a view: the first. */
  const style = (): Style => (ways.length === 0 ? 'primary' : '')

  async function answer(value: object, removeLost = false): Promise<string | undefined> {
    const outcome = await ui.api.verify(value, removeLost)
    if (!outcome.ok && outcome.reason !== 'locked') return ui.text(textOf(outcome.reason))
    await done(outcome)
    return undefined
  }

  if (challenge.webauthn && supported()) ways.push(byKey(ui, challenge.webauthn, answer))
  if (canType('totp', challenge.totp)) {
    ways.push(
      form(ui, {
        fields: [field(ui.text('appCode'), { ...codeField, placeholder: '123 456' })],
        action: ui.text('continue'),
        style: style(),
        submit: async ({ code }) => {
          if (!recovery || !isRecoveryCode(code ?? '')) return answer({ type: 'totp', code })
          fillIn(recovery, code ?? '')
          return ui.text('thatIsRecovery')
        },
      }),
    )
  }
  if (canType('yubico', challenge.yubico)) {
    ways.push(
      form(ui, {
        fields: [field(ui.text('yubicoCode'), otpField, ui.text('yubicoHint'))],
        action: ui.text('continue'),
        style: style(),
        submit: ({ code }) => answer({ type: 'yubico', code }),
      }),
    )
  }
  const others = ways.length
  if (canType('recovery', left > 0)) {
    recovery = byRecoveryCode(ui, left, { open: others === 0, mayRemoveLost, answer })
    ways.push(recovery)
  }

  const notices = locked.map((type) => ui.text(lockedTexts[type]))
  if (challenge.webauthn && !supported()) notices.push(ui.text('noKeyHere'))
  if (challenge.recovery && left === 0) notices.push(ui.text('recoveryNone'))
  if (ways.length === 0) notices.push(ui.text('nothingOffered'))
  if (locked.length > 0) notices.push(lockEnd(ui, challenge))
  else if (ways.length === 0) notices.push(ui.text('tryElsewhere'))

  const nodes = ways.flatMap((way, at) => (at === 0 ? [way] : [element('p', { class: 'or' }, ui.text('or')), way]))
  // One notice, not two that stand together.
  if (before && locked.length === 0) notices.unshift(before)
  const notice = notices.length > 0 ? [element('p', { class: 'notice' }, notices.join(' '))] : []
  return {
    nodes: [element('div', { class: 'challenge' }, ...notice, ...nodes)],
    focus: ways[0]?.querySelector<HTMLElement>('input, button') ?? undefined,
  }
}

type Answer = (value: object, removeLost?: boolean) => Promise<string | undefined>

function byKey(ui: Ui, options: PublicKeyCredentialRequestOptionsJSON, answer: Answer): HTMLElement {
  const error = alert()
  let current = options
  const click = async (): Promise<void> => {
    error.textContent = ''
    const response = await authenticate(current, { signal: ui.signal })
    const refused = await answer({ type: 'webauthn', response })
    if (!refused) return
    // A challenge is good for one try.
    current = (await ui.api.challenge()).challenge?.webauthn ?? current
    error.textContent = refused
  }
  const failed = (failure: unknown): void => void (error.textContent = ui.messageOf(failure))
  const use = button(ui, [icon('key'), ui.text('useKey')], click, { style: 'primary wide', failed })
  return element('div', {}, use, error)
}

function byRecoveryCode(
  ui: Ui,
  left: number,
  { open, mayRemoveLost, answer }: { open: boolean; mayRemoveLost: boolean; answer: Answer },
): HTMLElement {
  const placeholder = 'xxxx-xxxx-xxxx-xxxx'
  const attributes = { ...untold, name: 'code', class: 'code', placeholder, maxlength: 64, required: true }
  const lost = mayRemoveLost ? [checkbox(ui.text('removeLost'), 'lost')] : []
  const made = form(ui, {
    fields: [field(ui.text('recoveryCode'), attributes, ui.plural('recoveryLeft', left)), ...lost],
    action: ui.text('recoveryContinue'),
    style: open ? 'primary' : '',
    submit: ({ code, lost }) => answer({ type: 'recovery', code }, lost !== undefined),
  })
  // Alone it needs no unfolding.
  return open ? made : element('details', {}, element('summary', {}, ui.text('useRecovery')), made)
}

/** Whether it has the 16 digits of a recovery code, which no app shows: people paste it into the first field they see. */
function isRecoveryCode(code: string): boolean {
  const digits = code.normalize('NFKC').replaceAll(/[^\p{L}\p{N}]/gu, '')
  return /^[\da-foilA-FOIL]{16}$/.test(digits)
}

function fillIn(place: HTMLElement, code: string): void {
  if (place instanceof HTMLDetailsElement) place.open = true
  const input = place.querySelector<HTMLInputElement>('input[name="code"]')
  if (input) input.value = code
}
