// Sends the user a mail when a factor was enrolled or removed, when a recovery code was used, and when codes were locked.
// A user who didn't do this can then act (NIST SP 800-63B-4, 4.2.1.1).
//
//   const mailer = nodemailer.createTransport('smtp://localhost')
//   const onEvent = mailEvents({ mailer, from: 'security@example.com', addressOf: (user) => accounts.mailOf(user) })
//   await Countersign.open({ rp, store, onEvent })

/**
 * @param {object} options
 * @param {{ sendMail(mail: { from: string, to: string, subject: string, text: string }): Promise<unknown> }} options.mailer
 * @param {string} options.from
 * @param {(user: string) => Promise<string | undefined> | string | undefined} options.addressOf the user's address. Without one, no mail is sent
 * @param {(error: unknown) => void} [options.onError] receives the error of a mail that wasn't sent. The sign-in goes on
 * @returns {(event: import('countersign').CountersignEvent) => Promise<void>}
 */
export function mailEvents({ mailer, from, addressOf, onError = console.error }) {
  return async (event) => {
    const mail = compose(event)
    if (mail === undefined) return
    try {
      const to = await addressOf(event.user)
      if (to !== undefined) await mailer.sendMail({ from, to, ...mail })
    } catch (error) {
      onError(error)
    }
  }
}

const names = {
  totp: 'an authenticator app',
  webauthn: 'a passkey or security key',
  u2f: 'a security key',
  yubico: 'a YubiKey',
  recovery: 'the recovery codes',
}

/** Writes the mail. It has no link, because mails that link to a sign-in look like phishing. */
function compose({ type, factor, left, at }) {
  const what = factor === undefined ? 'every second factor' : names[factor.type]
  const when = new Date(at).toUTCString()
  const told = {
    enrolled: ['Second factor added', `On ${when}, ${what} was added to your account.`],
    removed: ['Second factor removed', `On ${when}, ${what} of your account was removed.`],
    'recovery-code-used': [
      'Recovery code used',
      `On ${when}, a recovery code signed in to your account. Codes left: ${left}.`,
    ],
    'browser-token-reused': [
      'A remembered browser was signed out',
      `On ${when}, somebody signed in to your account with a copy of what one of your browsers remembers, or tried to.`,
    ],
    locked: [
      'Codes locked',
      `On ${when}, after too many wrong codes, ${what} stopped being accepted. Somebody may know your password.`,
    ],
  }[type]
  if (told === undefined) return undefined
  const [subject, text] = told
  return { subject, text: `${text}\n\nIf this was not you, change your password and call us.\n` }
}
