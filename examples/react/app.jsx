// A page in React, with its own password form and our components. It works with every server in this folder.
import { useEffect, useRef, useState } from 'react'
import { Settings, SignIn } from 'countersign/react'
import { givePassword, givePasswordAgain, post } from '../post.mjs'

export function App() {
  const signIn = useRef(null)
  const [state, setState] = useState()
  const [isIn, setIsIn] = useState(false)
  const [name, setName] = useState('')
  const [asked, setAsked] = useState()

  function changed({ detail }) {
    // The user was signed in before. After a new sign-in, `onVerified` is called once the user has seen all messages.
    if (state === undefined && detail.state === 'verified') setIsIn(true)
    setState(detail.state)
  }
  async function leave() {
    setIsIn(false)
    await signIn.current.refresh({ focus: false })
  }
  async function signOut() {
    await post('/sign-out')
    await leave()
  }
  function askAgain({ detail }) {
    detail.until(new Promise((answer) => setAsked({ answer })))
  }
  function answered(right) {
    asked.answer(right)
    setAsked(undefined)
  }

  return (
    <>
      {state && state !== 'none' && <button type="button" onClick={signOut}>Sign out</button>}
      <main>
        {state === 'none' && (
          <section>
            <h1>Sign in</h1>
            <PasswordForm
              action="Sign in"
              send={async (name, password) => {
                setName(name)
                if (!(await givePassword(name, password))) return false
                await signIn.current.refresh()
                return true
              }}
            />
          </section>
        )}
        <SignIn ref={signIn} headingLevel={1} onState={changed} onVerified={() => setIsIn(true)} />
        {isIn && <Settings headingLevel={1} onSignedOut={leave} onReauthenticate={askAgain} />}
      </main>
      {asked && <AskAgain name={name} answered={answered} />}
    </>
  )
}

function PasswordForm({ action, name, send }) {
  const [error, setError] = useState('')
  async function submit(event) {
    event.preventDefault()
    const fields = new FormData(event.target)
    setError((await send(name ?? fields.get('name'), fields.get('password'))) ? '' : 'Wrong name or password.')
  }
  return (
    <form onSubmit={submit}>
      {name === undefined && <label>Name <input name="name" autoComplete="username webauthn" /></label>}
      <label>Password <input name="password" type="password" autoComplete="current-password" /></label>
      <p role="alert">{error}</p>
      <button>{action}</button>
    </form>
  )
}

function AskAgain({ name, answered }) {
  const dialog = useRef(null)
  useEffect(() => dialog.current.showModal(), [])
  async function send(name, password) {
    const right = await givePasswordAgain(name, password)
    if (right) answered(true)
    return right
  }
  return (
    <dialog ref={dialog} aria-label="Verify that it’s you" onClose={() => answered(false)}>
      <PasswordForm action="Continue" name={name} send={send} />
    </dialog>
  )
}
