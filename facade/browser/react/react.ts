import type * as React from 'react'
import { React as found } from '#react'
import { needed } from './needed.js'

/** React. A namespace: of an older one, a name that is missing would be an error about that name. */
export const react: typeof React = found

if (typeof react.useSyncExternalStore !== 'function') throw new Error(needed.replace(':', `, and found ${react.version}:`))

/** Before the browser paints; on a server there is nothing to do. */
export const useBeforePaint = globalThis.document ? react.useLayoutEffect : react.useEffect

const never = (): (() => void) => () => undefined

/** Whether this runs in a browser: false on a server, and while React takes over what the server rendered. */
export function useIsInBrowser(): boolean {
  return react.useSyncExternalStore(never, () => true, () => false)
}
