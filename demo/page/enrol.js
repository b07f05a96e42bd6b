import { CeremonyError, register } from './countersign/browser/index.js'
import { change } from './api.js'
import { copy, onSubmit, openDialog } from './dom.js'
import { messageOf } from './messages.js'

/** Each resolves with the new factor, or undefined when the person gave up. */
export const enrolments = {
  async totp() {
    const begun = await change('POST', 'factors/totp')
    if (!begun) return undefined
    return openDialog('dialog-totp', (dialog, close) => {
      // As an image the SVG is a picture and nothing else: no script or style of it ever runs in the page.
      dialog.querySelector('.qr').src = `data:image/svg+xml,${encodeURIComponent(begun.qr)}`
      dialog.querySelector('.secret code').textContent = begun.secret.match(/.{1,4}/g).join(' ')
      dialog.querySelector('.copy').addEventListener('click', () => copy(begun.secret))
      const form = dialog.querySelector('form')
      form.elements.description.value = 'Phone'
      onSubmit(form, async ({ code, description }) => {
        const enrolled = await change('POST', 'factors/totp/finish', { enrolment: begun.enrolment, code, description })
        return finished(enrolled, close, 'The code is wrong, or this took too long. Wait for a new code and try again.')
      })
    })
  },

  key: () =>
    webauthn(false, {
      title: 'Add a security key',
      lead: 'Have it at hand: your browser will ask you to touch it.',
      description: 'Security key',
    }),

  passkey: () =>
    webauthn(true, {
      title: 'Add a passkey',
      lead: 'Your browser will ask for your fingerprint, your face or a PIN.',
      description: 'Passkey',
    }),
}

async function webauthn(passkey, { title, lead, description: suggested }) {
  const options = await change('POST', 'factors/webauthn', { passkey })
  if (!options) return undefined
  return openDialog('dialog-webauthn', (dialog, close) => {
    dialog.querySelector('h2').textContent = title
    dialog.querySelector('.lead').textContent = lead
    const form = dialog.querySelector('form')
    form.elements.description.value = suggested
    onSubmit(form, async ({ description }) => {
      let response
      try {
        response = await register(options)
      } catch (error) {
        return error instanceof CeremonyError ? messageOf(error.code) : error.message
      }
      const enrolled = await change('POST', 'factors/webauthn/finish', { response, description })
      return finished(enrolled, close, 'The server refused this key, or it took too long. Close this and start again.')
    })
  })
}

function finished(enrolled, close, rejected) {
  if (!enrolled) return 'Nothing was added yet.'
  if (enrolled.ok) return void close(enrolled.factor)
  return enrolled.reason === 'rejected' ? rejected : messageOf(enrolled.reason)
}
