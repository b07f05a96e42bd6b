import { redirect } from 'next/navigation'
import { checkPassword } from '../../../accounts.mjs'
import { signIn } from '../../lib/second-factor.js'
import { SecondFactor } from './second-factor.js'

export default function SignIn() {
  return (
    <main>
      <form action={withPassword}>
        <input name="name" autoComplete="username" aria-label="Name" />
        <input name="password" type="password" autoComplete="current-password" aria-label="Password" />
        <button>Sign in</button>
      </form>
      <noscript>Two-step verification needs JavaScript. Turn it on for this site, then reload the page.</noscript>
      <SecondFactor />
    </main>
  )
}

async function withPassword(form) {
  'use server'
  const account = await checkPassword(form.get('name'), form.get('password'))
  if (account) await signIn(account.id)
  redirect('/sign-in')
}
