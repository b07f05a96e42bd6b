'use client'
import { createSecondFactor, type SecondFactor, type SignInEvents, type SignInState } from '../flow/index.js'
import { react, useBeforePaint } from './react.js'

/** Options of {@link useSecondFactor}. */
export interface UseSecondFactorOptions {
  /** Where `countersign/http` is mounted. Default `/countersign`. */
  base?: string | undefined
  /** No sign-in with a passkey alone. */
  secondFactorOnly?: boolean | undefined
  /** Creates a passkey with this description without a dialog after a sign-in with a password, if the browser can. */
  upgrade?: string | undefined
  /** The session is in another state than before. */
  onState?: ((detail: SignInEvents['state']) => void) | undefined
  /** The user is signed in, and `proceed()` was called where something was to be read. */
  onVerified?: ((detail: SignInEvents['verified']) => void) | undefined
  /** Too many wrong codes: the server has ended the sign-in. */
  onLocked?: (() => void) | undefined
  /** The session has ended in the meantime. */
  onSignedOut?: (() => void) | undefined
  /** A passkey was created (`upgrade`). */
  onChanged?: ((detail: SignInEvents['changed']) => void) | undefined
}

/** The state of the sign-in, and what the page can do. The actions stay the same, and none rejects. */
export type UseSecondFactor = Omit<SecondFactor, 'state' | 'subscribe' | 'end'> & { state: SignInState }

/**
 * The sign-in of `<SignIn>` without anything to see, for a page that draws its own. It asks the server when the component is
 * there, and ends with it. Call `refresh()` when the password was right.
 *
 * @example
 * const { state, answer } = useSecondFactor({ onVerified: () => location.assign('/') })
 * const asksForCode = state.step === 'challenge' && state.ways.includes('totp')
 * const send = (code: string) => answer({ type: 'totp', code })
 */
export function useSecondFactor(options: UseSecondFactorOptions = {}): UseSecondFactor {
  const latest = react.useRef(options)
  useBeforePaint(() => {
    latest.current = options
  })
  const [flow] = react.useState(() => create(() => latest.current))
  const state = react.useSyncExternalStore(flow.subscribe, () => flow.state, () => before)
  const { base, secondFactorOnly } = options
  react.useEffect(() => {
    void flow.refresh()
    return flow.end
  }, [flow, base, secondFactorOnly])
  const { subscribe: _, end: __, ...actions } = react.useMemo(() => ({ ...flow }), [flow])
  return { ...actions, state }
}

const before: SignInState = { step: 'loading' }

/** One that reads the options of the last rendering. */
function create(options: () => UseSecondFactorOptions): SecondFactor {
  return createSecondFactor({
    get base() {
      return options().base
    },
    get secondFactorOnly() {
      return options().secondFactorOnly
    },
    get upgrade() {
      return options().upgrade
    },
    onEvent(name, detail) {
      const { onState, onVerified, onLocked, onSignedOut, onChanged } = options()
      const listeners = { state: onState, verified: onVerified, locked: onLocked, 'signed-out': onSignedOut, changed: onChanged }
      ;(listeners[name] as ((told: unknown) => void) | undefined)?.(detail)
    },
  })
}
