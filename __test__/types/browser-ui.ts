// What the types of the page's part allow, and what they refuse.
import {
  authenticate, conditionalCreateSupported, register, signalAllAcceptedCredentials, signalCurrentUserDetails,
  signalUnknownCredential,
} from 'countersign/browser'
import { english, loadTexts } from 'countersign/browser/ui'
import type {
  CountersignEvents, CountersignSettings, CountersignSignIn, Texts, Verified,
} from 'countersign/browser/ui'

export async function ceremonies(creation: PublicKeyCredentialCreationOptionsJSON): Promise<void> {
  await (conditionalCreateSupported() satisfies Promise<boolean>)
  await register(creation, { conditional: true })
  // @ts-expect-error what to sign
  await authenticate()
  const about = { rpId: 'example.com', userId: 'AA' }
  await (signalAllAcceptedCredentials({ ...about, allAcceptedCredentialIds: [] }) satisfies Promise<boolean>)
  await signalCurrentUserDetails({ ...about, name: 'ann', displayName: 'Ann' })
  await signalUnknownCredential({ rpId: 'example.com', credentialId: 'AA' })
  // @ts-expect-error of which credentials
  await signalAllAcceptedCredentials(about)
}

export async function elements(): Promise<void> {
  const signIn = document.createElement('countersign-sign-in') satisfies CountersignSignIn
  const settings = document.createElement('countersign-settings') satisfies CountersignSettings
  await signIn.refresh({ focus: false })
  settings.base = '/second-factor'
  settings.texts = await loadTexts('de')
  settings.texts = { ...english, settings: 'Second factors' }
  settings.texts = { adviseLast: { one: 'Only {count} left', other: 'Only {count} left' } }
  settings.texts.locale satisfies string
  // @ts-expect-error no such text
  settings.texts = { title: 'Second factors' }
  // @ts-expect-error a plural needs its form for all other numbers
  settings.texts = { adviseLast: { one: 'Only one left' } }
  // @ts-expect-error a whole language has every text
  const french: Texts = { locale: 'fr' }
  void french
  // @ts-expect-error the parts of an element are its own
  settings.ui
}

export function events(signIn: CountersignSignIn, settings: CountersignSettings): void {
  signIn.addEventListener('countersign-verified', ({ detail: { outcome } }) => {
    outcome satisfies Verified
    outcome.factor?.type satisfies string | undefined
    // @ts-expect-error null: the user has no factor
    outcome.factor.type
  })
  signIn.addEventListener('countersign-state', ({ detail }) => detail.state satisfies 'none' | 'pending' | 'verified')
  settings.addEventListener('countersign-reauthenticate', ({ detail }) => detail.until(Promise.resolve(true)))
  // @ts-expect-error a promise of whether it was right
  settings.addEventListener('countersign-reauthenticate', ({ detail }) => detail.until(true))
  const name: keyof CountersignEvents = 'countersign-changed'
  document.addEventListener(name, () => undefined)
}
