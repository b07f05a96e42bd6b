// Settings that the site draws itself: `useSettings` has the state and the actions, and nothing to see.
import { useState } from 'react'
import { useSettings } from 'countersign/react'
import { givePasswordAgain } from '../post.mjs'

const reasons = {
  rejected: 'That code is wrong.',
  malformed: 'That doesn’t look like a code.',
  locked: 'Too many wrong codes.',
  'last-factor': 'You need at least one method that is on.',
  'step-up-cancelled': 'Nothing was changed.',
  cancelled: 'No key answered.',
}
const textOf = (reason) => reasons[reason] ?? 'Something went wrong.'

export function OwnSettings({ name, onSignedOut }) {
  const settings = useSettings({ onSignedOut })
  const { state, refresh, rename, setEnabled, remove, createRecoveryCodes, beginTotp, finishTotp, enrolKey } = settings
  const [message, setMessage] = useState('')
  const [app, setApp] = useState()
  const [codes, setCodes] = useState([])
  const show = (settled, done = '') => setMessage(settled.ok ? done : textOf(settled.reason))

  if (state.step === 'loading') return <p>Loading…</p>
  if (state.step === 'signed-out') return <p>Sign in to see this page.</p>
  if (state.step === 'failed') return <button type="button" onClick={refresh}>Try again</button>

  async function begin() {
    const begun = await beginTotp()
    show(begun)
    if (begun.ok) setApp(begun)
  }
  async function finish(event) {
    event.preventDefault()
    const finished = await finishTotp({ enrolment: app.enrolment, code: new FormData(event.target).get('code'), description: 'My phone' })
    show(finished, 'The app was added.')
    if (finished.ok) setApp(undefined)
  }
  async function newCodes() {
    const created = await createRecoveryCodes()
    show(created, 'Write these down.')
    if (created.ok) setCodes(created.codes)
  }

  return (
    <section>
      <h1>My security</h1>
      <ul>
        {state.factors.map(({ id, description, enabled }) => (
          <li key={id}>
            <span>{description}{enabled ? '' : ' (off)'}</span>
            <button type="button" onClick={async () => show(await rename(id, `${description}!`))}>Rename {description}</button>
            <button type="button" onClick={async () => show(await setEnabled(id, !enabled))}>Turn {enabled ? 'off' : 'on'} {description}</button>
            <button type="button" onClick={async () => show(await remove(id), `${description} was removed.`)}>Remove {description}</button>
          </li>
        ))}
      </ul>
      {!state.keysOnly && <button type="button" onClick={begin}>Add an app</button>}
      <button type="button" onClick={async () => show(await enrolKey({ use: 'second-factor', description: 'My key' }), 'The key was added.')}>
        Add a key
      </button>
      {!state.keysOnly && state.factors.length > 0 && <button type="button" onClick={newCodes}>New recovery codes</button>}
      <p>Recovery codes left: {state.recovery?.left ?? 0}</p>
      {app && (
        <form onSubmit={finish}>
          <p>Set up the app with <code>{app.secret}</code></p>
          <label>Code from the new app <input name="code" autoComplete="one-time-code" /></label>
          <button>Add it</button>
        </form>
      )}
      <ol>{codes.map((code) => <li key={code}>{code}</li>)}</ol>
      <p role="alert">{message}</p>
      {state.stepUp && <StepUp name={name} settings={settings} stepUp={state.stepUp} />}
    </section>
  )
}

/** What a change waits for. */
function StepUp({ name, settings: { answer, useKey, reauthenticated, cancelStepUp }, stepUp: { challenge, ways } }) {
  const [error, setError] = useState('')
  const show = (settled) => setError(settled.ok ? '' : textOf(settled.reason))

  async function password(event) {
    event.preventDefault()
    if (await givePasswordAgain(name, new FormData(event.target).get('password'))) reauthenticated()
    else setError('Wrong password.')
  }
  async function code(event) {
    event.preventDefault()
    show(await answer({ type: 'totp', code: new FormData(event.target).get('code') }))
  }
  return (
    <div role="group" aria-label="Is it you?">
      {!challenge && (
        <form onSubmit={password}>
          <label>Password <input name="password" type="password" autoComplete="current-password" /></label>
          <button>Confirm</button>
        </form>
      )}
      {ways.includes('totp') && (
        <form onSubmit={code}>
          <label>Code from your app <input name="code" autoComplete="one-time-code" /></label>
          <button>Confirm</button>
        </form>
      )}
      {ways.includes('webauthn') && <button type="button" onClick={async () => show(await useKey())}>Use your key</button>}
      <button type="button" onClick={cancelStepUp}>Cancel</button>
      <p role="alert">{error}</p>
    </div>
  )
}
