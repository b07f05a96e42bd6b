import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout, wherever the command was started. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '')

/** Stamps, the lock, staged output and cached Nodes: all of it may be deleted at any time. */
export const scratch = join(root, '.setup')
