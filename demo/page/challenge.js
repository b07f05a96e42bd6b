import { authenticate, CeremonyError } from './countersign/browser/index.js'
import { fromTemplate, onClick, onSubmit } from './dom.js'
import { messageOf } from './messages.js'

const LOCKED = {
  totp: 'Codes from your authenticator app are locked after too many wrong ones.',
  recovery: 'Recovery codes are locked after too many wrong ones.',
  yubico: 'One-time passwords are locked after too many wrong ones.',
}

/**
 * Draws what the challenge offers, less what is locked or used up, into `place`.
 *
 * @param challenge What the server's `challenge` gave.
 * @param send Sends an answer and resolves with the outcome.
 * @param renew Resolves with a new challenge: a WebAuthn challenge is good for one try.
 * @param done Called with each outcome that ends it: `ok`, or `locked`.
 * @returns The field or button to focus, if anything is offered.
 */
export function drawChallenge(place, challenge, { send, renew, done }) {
  place.replaceChildren(fromTemplate('challenge'))
  const part = (selector) => place.querySelector(selector)
  const error = part('.error')
  let { webauthn } = challenge

  async function answer(value) {
    const outcome = await send(value)
    if (!outcome.ok && outcome.reason !== 'locked') return messageOf(outcome.reason)
    await done(outcome)
    return undefined
  }

  part('.by-webauthn').hidden = !webauthn
  onClick(
    part('.by-webauthn button'),
    async () => {
      error.textContent = ''
      const response = await authenticate(webauthn)
      const refused = await answer({ type: 'webauthn', response })
      if (!refused) return
      ;({ webauthn } = await renew())
      error.textContent = refused
    },
    (failure) => (error.textContent = failure instanceof CeremonyError ? messageOf(failure.code) : failure.message),
  )

  const locked = challenge.locked ?? []
  const totp = Boolean(challenge.totp) && !locked.includes('totp')
  const recovery = challenge.recovery?.left > 0 && !locked.includes('recovery')
  part('.by-totp').hidden = !totp
  onSubmit(part('.by-totp'), ({ code }) => answer({ type: 'totp', code }), error)

  part('.by-recovery').hidden = !recovery
  part('.by-recovery').open = recovery && !webauthn && !totp
  part('.left').textContent = `${challenge.recovery?.left ?? 0} left. Each one works once.`
  onSubmit(part('.by-recovery form'), ({ code }) => answer({ type: 'recovery', code }), error)

  const notices = locked.map((type) => LOCKED[type])
  const offered = webauthn || totp || recovery
  if (!offered) notices.push('None of your factors can be used right now. Ask whoever runs this server for help.')
  else if (notices.length > 0) notices.push('Another of your factors unlocks them.')
  part('.locked').hidden = notices.length === 0
  part('.locked').textContent = notices.join(' ')

  if (webauthn) return part('.by-webauthn button')
  if (!offered) return undefined
  return part(totp ? '.by-totp input' : '.by-recovery input')
}
