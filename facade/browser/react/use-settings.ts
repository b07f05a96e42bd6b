'use client'
import { createSettings, type SecuritySettings, type SettingsEvents, type SettingsState } from '../flow/index.js'
import { react, useBeforePaint } from './react.js'

/** Options of {@link useSettings}. */
export interface UseSettingsOptions {
  /** Where `countersign/http` is mounted. Default `/countersign`. */
  base?: string | undefined
  /** Something was added, changed or removed. */
  onChanged?: ((detail: SettingsEvents['changed']) => void) | undefined
  /** The session has ended in the meantime. */
  onSignedOut?: (() => void) | undefined
}

/** The state of the settings, and what the page can do. The actions stay the same, and none rejects. */
export type UseSettings = Omit<SecuritySettings, 'state' | 'subscribe' | 'end'> & { state: SettingsState }

/**
 * The settings of `<Settings>` without anything to see, for a page that draws its own. It asks the server when the component
 * is there, and ends with it.
 *
 * @example
 * const { state, remove, answer } = useSettings({ onSignedOut: () => location.assign('/') })
 * const names = state.step === 'ready' ? state.factors.map((factor) => factor.description) : []
 * const asksForCode = state.step === 'ready' && state.stepUp?.ways.includes('totp')
 */
export function useSettings(options: UseSettingsOptions = {}): UseSettings {
  const latest = react.useRef(options)
  useBeforePaint(() => {
    latest.current = options
  })
  const [flow] = react.useState(() => create(() => latest.current))
  const state = react.useSyncExternalStore(flow.subscribe, () => flow.state, () => before)
  const { base } = options
  react.useEffect(() => {
    void flow.refresh()
    return flow.end
  }, [flow, base])
  const { subscribe: _, end: __, ...actions } = react.useMemo(() => ({ ...flow }), [flow])
  return { ...actions, state }
}

const before: SettingsState = { step: 'loading' }

/** One that reads the options of the last rendering. */
function create(options: () => UseSettingsOptions): SecuritySettings {
  return createSettings({
    get base() {
      return options().base
    },
    onEvent(name, detail) {
      const { onChanged, onSignedOut } = options()
      const listeners = { changed: onChanged, 'signed-out': onSignedOut }
      ;(listeners[name] as ((told: unknown) => void) | undefined)?.(detail)
    },
  })
}
