import { createRequire } from 'node:module'
import type * as Library from 'react'

import { needed } from './needed.js'

/**
 * The React that is installed, where Node itself loads this package: an import of one that is missing could only end in
 * Node's own error. Bundlers and browsers import React, and do not come here (`imports` of package.json).
 */
export const React = load()

function load(): typeof Library {
  const ours = createRequire(import.meta.url)
  try {
    return ours('react') as typeof Library
  } catch (cause) {
    throw new Error(needed, { cause })
  }
}
