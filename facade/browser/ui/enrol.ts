import type { Factor } from '../../shared/factor.js'
import type { Enrolled, Updated } from '../../service/outcome.js'
import { enrolKey, type Change, type Offered, type Use } from '../flow/enrol-key.js'
import { supported } from '../index.js'
import { button, codeField, field, otpField, radios } from './controls.js'
import { openForm } from './dialog.js'
import { element, qrCode } from './dom.js'
import { icon, type IconName } from './icons.js'
import { copyText } from './keep.js'
import { modelOf } from './lists.js'
import type { TextName } from './texts.js'
import type { Ui } from './ui.js'

/** What can be enrolled here, as buttons; `added` is called with each new factor. */
export function enrolmentChoices(
  ui: Ui, { passkeys, yubico, keysOnly = false }: Offered, change: Change, added: (factor: Factor) => unknown,
): HTMLElement[] {
  const choice = (name: IconName, title: TextName, lead: TextName, enrol: () => Promise<Factor | undefined>): Node => {
    const words = element('span', {}, element('b', {}, ui.text(title)), element('small', {}, ui.text(lead)))
    return button(ui, [icon(name), words], async () => {
      const factor = await enrol()
      if (factor) await added(factor)
    })
  }
  const choices = element('div', { class: 'choices' })
  if (!keysOnly) choices.append(choice('totp', 'app', 'appLead', () => enrolTotp(ui, change)))
  const keys = supported()
  if (keys) choices.append(choice('passkey', 'keyOrPasskey', 'keyOrPasskeyLead', () => enrolWebauthn(ui, change, passkeys)))
  // It types like a keyboard, which every browser takes.
  if (yubico) choices.append(choice('key', 'yubico', 'yubicoLead', () => enrolYubico(ui, change)))
  return keys ? [choices] : [choices, element('p', { class: 'hint' }, ui.text('noKeysHere'))]
}

async function enrolTotp(ui: Ui, change: Change): Promise<Factor | undefined> {
  const begun = await change(() => ui.api.beginTotp())
  if (!begun) return undefined
  const { enrolment, uri, secret, qr } = begun
  const copy = button(ui, ui.text('copy'), () => copyText(ui, secret), { style: 'quiet' })
  return openForm<Factor>(ui, {
    title: ui.text('addApp'),
    fields: [
      element('ol', { class: 'steps', role: 'list' },
        element('li', {},
          element('p', {}, ui.text('scan')),
          qrCode(qr, ui.text('qr')),
          // Who reads this on the phone can't scan it.
          uri.startsWith('otpauth:') && element('p', {}, element('a', { href: uri }, ui.text('openApp'))),
          element('p', { class: 'hint' }, ui.text('typeSecret')),
          element('div', { class: 'split secret' }, element('code', {}, inFours(secret)), copy),
        ),
        element('li', {}, field(ui.text('typeCode'), { ...codeField, placeholder: '123 456' })),
        element('li', {}, nameField(ui, 'nameFactor', ui.text('defaultApp'))),
      ),
    ],
    action: ui.text('addAppAction'),
    async submit({ code = '', description = '' }, close) {
      const enrolled = await change(() => ui.api.finishTotp({ enrolment, code, description: description.trim() }))
      return finished(ui, enrolled, 'enrolRejected', close)
    },
  })
}

const uses = {
  passkey: { label: 'passkey', hint: 'passkeyLead' },
  'second-factor': { label: 'key', hint: 'keyLead' },
} as const satisfies Record<Use, { label: TextName; hint: TextName }>

/** One entry for both: a laptop's own authenticator answers either, and which of the two it shall be is asked behind it. */
async function enrolWebauthn(ui: Ui, change: Change, passkeys: boolean): Promise<Factor | undefined> {
  const offered: Use[] = passkeys ? ['passkey', 'second-factor'] : ['second-factor']
  const usual = offered[0]!
  const name = nameField(ui, 'nameFactor', ui.text(uses[usual].label))
  const options = offered.map((value) => ({ value, label: ui.text(uses[value].label), hint: ui.text(uses[value].hint) }))
  const choice = radios(ui.text('keyOrPasskeyChoice'), 'use', options)
  choice.addEventListener('change', ({ target }) => renameUntouched(ui, name, (target as HTMLInputElement).value as Use))
  const factor = await openForm<Factor>(ui, {
    title: ui.text('addKeyOrPasskey'),
    ...(!passkeys && { lead: ui.text('keyLead') }),
    fields: passkeys ? [choice, name] : [name],
    action: ui.text('continue'),
    async submit({ description = '', use: chosen = usual }, close) {
      const key = { use: chosen as Use, description }
      const enrolled = await enrolKey(ui.api, change, key, { passkeys, signal: ui.signal })
      return finished(ui, enrolled, 'registrationRejected', close)
    },
  })
  const model = factor && isOurs(ui, factor.description) ? modelOf(factor) : undefined
  return factor && model ? proposeName(ui, change, factor, model) : factor
}

/** Only now does the server know what it is. Whoever closes the dialog keeps the name that it has. */
async function proposeName(ui: Ui, change: Change, factor: Factor, model: string): Promise<Factor> {
  const named = await openForm<Factor>(ui, {
    title: ui.text('nameFactor'),
    lead: ui.text('isModel', { model }),
    fields: [nameField(ui, 'name', model)],
    action: ui.text('save'),
    async submit({ description = '' }, close) {
      const updated = await change(() => ui.api.update(factor.id, { description: description.trim() }))
      return finished(ui, updated, 'failed', close)
    },
  })
  return named ?? factor
}

/** Whether it is one of the names that we gave. */
function isOurs(ui: Ui, name: string | undefined): boolean {
  return Object.values(uses).some(({ label }) => ui.text(label) === name)
}

/** The name that we gave follows the choice, and one that the person typed stays. */
function renameUntouched(ui: Ui, field: HTMLElement, use: Use): void {
  const input = field.querySelector('input')
  if (input && isOurs(ui, input.value)) input.value = ui.text(uses[use].label)
}

function enrolYubico(ui: Ui, change: Change): Promise<Factor | undefined> {
  return openForm<Factor>(ui, {
    title: ui.text('addYubico'),
    // The key ends what it types with the Enter key, which sends the form: the name has one by then.
    fields: [
      field(ui.text('yubicoCode'), otpField, ui.text('yubicoHint')),
      nameField(ui, 'nameFactor', ui.text('defaultYubico')),
    ],
    action: ui.text('addYubicoAction'),
    async submit({ code = '', description = '' }, close) {
      const enrolled = await change(() => ui.api.enrolYubico({ code, description: description.trim() }))
      return finished(ui, enrolled, 'yubicoRejected', close)
    },
  })
}

export function nameField(ui: Ui, label: TextName, value: string): HTMLElement {
  return field(ui.text(label), { name: 'description', autocomplete: 'off', maxlength: 100, required: true, value })
}

function finished(
  ui: Ui,
  enrolled: Enrolled | Updated | undefined,
  rejected: TextName,
  close: (factor: Factor) => void,
): string | undefined {
  if (!enrolled) return ui.text('nothingAdded')
  if (!enrolled.ok) return enrolled.reason === 'rejected' ? ui.text(rejected) : ui.reason(enrolled.reason)
  close(enrolled.factor)
  return undefined
}

function inFours(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? ''
}
