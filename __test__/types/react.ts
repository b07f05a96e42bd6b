// What the types of the components and the hook for React allow, and what they refuse.
import { createElement, createRef } from 'react'
import { Settings, SignIn, useSecondFactor, useSettings } from 'countersign/react'
import { createSecondFactor, createSettings, type SettingsState, type SignInState } from 'countersign/browser/flow'
import type { CountersignSettings, CountersignSignIn } from 'countersign/browser/ui'

export const page = [
  createElement(SignIn, {
    ref: createRef<CountersignSignIn>(), base: '/2fa', headingLevel: 3, passkeyOnly: true, className: 'x', texts: { settings: 'Security' },
    onVerified: ({ detail: { outcome } }) => void (outcome.ok satisfies true), onState: ({ detail }) => detail.state satisfies 'none' | 'pending' | 'verified',
  }),
  createElement(Settings, {
    ref: createRef<CountersignSettings>(), onChanged: ({ detail }) => void detail.factors?.length, onReauthenticate: ({ detail }) => detail.until(Promise.resolve(true)),
  }),
  // @ts-expect-error a path is text
  createElement(SignIn, { base: 7 }),
  // @ts-expect-error no such text
  createElement(SignIn, { texts: { title: 'Security' } }),
  // @ts-expect-error settings verify nobody
  createElement(Settings, { onVerified: () => undefined }),
  // @ts-expect-error the element of the other component
  createElement(Settings, { ref: createRef<CountersignSignIn>() }),
]

export async function Own(): Promise<string | undefined> {
  const { state, answer, createRecoveryCodes, beginTotp } = useSecondFactor({ onVerified: ({ outcome }) => outcome.factor?.type, onLocked() {} })
  state satisfies SignInState
  if (state.step === 'challenge') state.ways satisfies ('webauthn' | 'totp' | 'yubico' | 'recovery')[]
  // @ts-expect-error only of a challenge
  state.ways
  const answered = await answer({ type: 'totp', code: '123456' }, { remember: true })
  const codes = await createRecoveryCodes()
  const begun = await beginTotp()
  if (begun.ok) begun.qr satisfies string
  if (codes.ok) return codes.codes[0]
  // @ts-expect-error the inside of it
  createSecondFactor().signedOut('')
  return answered.ok ? undefined : answered.reason
}

export async function OwnSettings(): Promise<string | undefined> {
  const { state, rename, createRecoveryCodes, finishTotp, cancelStepUp } = useSettings({ onChanged: ({ factors }) => factors.length, onSignedOut() {} })
  state satisfies SettingsState
  // @ts-expect-error only once it is ready
  state.factors
  if (state.step === 'ready') state.stepUp?.ways satisfies ('webauthn' | 'totp' | 'yubico' | 'recovery')[] | undefined
  // @ts-expect-error the description is missing
  await rename('x')
  const enrolled = await finishTotp({ enrolment: 'x', code: '123456', description: 'phone' })
  if (enrolled.ok) enrolled.factor.id satisfies string
  const codes = await createRecoveryCodes()
  if (codes.ok) return codes.codes[0]
  cancelStepUp() satisfies void
  // @ts-expect-error the inside of it
  createSettings().change
  return codes.reason
}
