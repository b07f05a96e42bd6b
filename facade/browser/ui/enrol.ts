import type { Factor } from '../../shared/factor.js'
import type { Enrolled } from '../../service/outcome.js'
import { register, supported } from '../index.js'
import { textOf } from './api.js'
import { button, codeField, field, form } from './controls.js'
import { openDialog } from './dialog.js'
import { element, qrCode } from './dom.js'
import { icon, type IconName } from './icons.js'
import { copyText } from './keep.js'
import type { TextName } from './texts.js'
import type { Ui } from './ui.js'

/** Runs a change that may need a step-up before; undefined: the person gave up. */
export type Change = <Result>(call: () => Promise<Result>) => Promise<Result | undefined>

/** What can be enrolled here, as buttons; `added` is called with each new factor. */
export function enrolmentChoices(
  ui: Ui, passkeys: boolean, change: Change, added: (factor: Factor) => unknown,
): HTMLElement[] {
  const choice = (name: IconName, title: TextName, lead: TextName, enrol: () => Promise<Factor | undefined>): Node => {
    const words = element('span', {}, element('b', {}, ui.text(title)), element('small', {}, ui.text(lead)))
    return button(ui, [icon(name), words], async () => {
      const factor = await enrol()
      if (factor) await added(factor)
    })
  }
  const choices = element('div', { class: 'choices' }, choice('totp', 'app', 'appLead', () => enrolTotp(ui, change)))
  if (!supported()) return [choices, element('p', { class: 'hint' }, ui.text('noKeysHere'))]
  choices.append(choice('key', 'key', 'keyLead', () => enrolWebauthn(ui, change, 'second-factor')))
  if (passkeys) choices.append(choice('passkey', 'passkey', 'passkeyLead', () => enrolWebauthn(ui, change, 'passkey')))
  return [choices]
}

async function enrolTotp(ui: Ui, change: Change): Promise<Factor | undefined> {
  const begun = await change(() => ui.api.beginTotp())
  if (!begun) return undefined
  const { enrolment, uri, secret, qr } = begun
  const copy = button(ui, ui.text('copy'), () => copyText(ui, secret), { style: 'quiet' })
  return openDialog<Factor>(ui, {
    title: ui.text('addApp'),
    content: (close) => [
      form(ui, {
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
        async submit({ code = '', description = '' }) {
          const enrolled = await change(() => ui.api.finishTotp({ enrolment, code, description: description.trim() }))
          return finished(ui, enrolled, 'enrolRejected', close)
        },
      }),
    ],
  })
}

async function enrolWebauthn(ui: Ui, change: Change, use: 'second-factor' | 'passkey'): Promise<Factor | undefined> {
  const options = await change(() => ui.api.beginWebauthn({ use }))
  if (!options) return undefined
  const passkey = use === 'passkey'
  return openDialog<Factor>(ui, {
    title: ui.text(passkey ? 'addPasskey' : 'addKey'),
    lead: ui.text(passkey ? 'addPasskeyLead' : 'addKeyLead'),
    content: (close) => [
      form(ui, {
        fields: [nameField(ui, 'nameFactor', ui.text(passkey ? 'passkey' : 'key'))],
        action: ui.text('continue'),
        async submit({ description = '' }) {
          const response = await register(options, { signal: ui.signal })
          const proof = { response, description: description.trim() }
          return finished(ui, await change(() => ui.api.finishWebauthn(proof)), 'registrationRejected', close)
        },
      }),
    ],
  })
}

export function nameField(ui: Ui, label: TextName, value: string): HTMLElement {
  return field(ui.text(label), { name: 'description', autocomplete: 'off', maxlength: 100, required: true, value })
}

function finished(
  ui: Ui,
  enrolled: Enrolled | undefined,
  rejected: TextName,
  close: (factor: Factor) => void,
): string | undefined {
  if (!enrolled) return ui.text('nothingAdded')
  if (!enrolled.ok) return ui.text(enrolled.reason === 'rejected' ? rejected : textOf(enrolled.reason))
  close(enrolled.factor)
  return undefined
}

function inFours(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? ''
}
