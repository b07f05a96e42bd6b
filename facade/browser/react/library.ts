import * as found from 'react'

/** React, as a bundler finds it. */
export const React: typeof found = found
