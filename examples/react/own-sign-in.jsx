// A sign-in that the site draws itself. `useSecondFactor` has the state and the actions, but draws nothing.
import { useState } from 'react'
import { useSecondFactor } from 'countersign/react'
import { givePassword } from '../post.mjs'

const reasons = {
  rejected: 'That code is wrong.',
  malformed: 'That doesn’t look like a code.',
  locked: 'Too many wrong codes.',
  'signed-out': 'Your session has ended.',
  cancelled: 'No passkey answered.',
}
const textOf = (reason) => reasons[reason] ?? 'Something went wrong.'

export function OwnSignIn({ onVerified }) {
  const { state, refresh, answer, useKey, signInWithPasskey, proceed } = useSecondFactor({ onVerified })
  const [error, setError] = useState('')
  const show = (settled) => setError(settled.ok ? '' : textOf(settled.reason))

  async function password(event) {
    event.preventDefault()
    const fields = new FormData(event.target)
    const right = await givePassword(fields.get('name'), fields.get('password'))
    setError(right ? '' : 'Wrong name or password.')
    if (right) await refresh()
  }
  async function code(event) {
    event.preventDefault()
    show(await answer({ type: event.target.name, code: new FormData(event.target).get('code') }))
  }

  switch (state.step) {
    case 'loading':
      return <p>Loading…</p>
    case 'signed-out':
      return (
        <form onSubmit={password}>
          <h1>Sign in</h1>
          <label>Name <input name="name" autoComplete="username webauthn" /></label>
          <label>Password <input name="password" type="password" autoComplete="current-password" /></label>
          <button>Sign in</button>
          {state.passkeys && <button type="button" onClick={signInWithPasskey}>Use a passkey</button>}
          <p role="alert">{error || (state.error && textOf(state.error)) || (state.notice && textOf(state.notice.reason))}</p>
        </form>
      )
    case 'challenge':
      return (
        <section>
          <h1>Two-step verification</h1>
          {state.ways.includes('webauthn') && (
            <button type="button" onClick={async () => show(await useKey())}>Use security key or passkey</button>
          )}
          {state.ways.includes('totp') && (
            <form name="totp" onSubmit={code}>
              <label>Code from your app <input name="code" inputMode="numeric" autoComplete="one-time-code" /></label>
              <button>Continue</button>
            </form>
          )}
          {state.ways.includes('recovery') && (
            <form name="recovery" onSubmit={code}>
              <label>Recovery code <input name="code" autoComplete="off" /></label>
              <button>Use recovery code</button>
            </form>
          )}
          <p role="alert">{error}</p>
        </section>
      )
    case 'recovered':
      return (
        <section>
          <p>Recovery codes left: {state.recoveryCodesLeft}</p>
          <button type="button" onClick={proceed}>Continue</button>
        </section>
      )
    case 'verified':
      return null
    default:
      // `enrol`, `codes`, `too-late` and `failed` are drawn in the same way; this site asks to start again.
      return <button type="button" onClick={refresh}>Try again</button>
  }
}
