import * as React from 'react'

// A namespace: of an older React, a name that is missing would be an error about that name.
if (typeof React.useSyncExternalStore !== 'function') {
  throw new Error(`countersign/react needs React 18 or newer, and found ${React.version}: npm install react@19 react-dom@19`)
}

/** Before the browser paints; on a server there is nothing to do. */
export const useBeforePaint = globalThis.document ? React.useLayoutEffect : React.useEffect

const never = (): (() => void) => () => undefined

/** Whether this runs in a browser: false on a server, and while React takes over what the server rendered. */
export function useIsInBrowser(): boolean {
  return React.useSyncExternalStore(never, () => true, () => false)
}
