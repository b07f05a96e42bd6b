import { createRequire } from 'node:module'

import { loadPeer } from '../shared/peer.js'

/** What the plugin calls of better-auth. */
export interface Peer {
  api: typeof import('better-auth/api')
  cookies: typeof import('better-auth/cookies')
  crypto: typeof import('better-auth/crypto')
  getCurrentAdapter: typeof import('better-auth').getCurrentAdapter
  /** Runs work once the transaction that is open has been committed; now, if none is open. */
  queueAfterTransactionHook: (work: () => Promise<void>) => Promise<void>
}

let loaded: Peer | undefined

/**
 * The host's own better-auth, when a plugin is made: the entry loads without it.
 *
 * @throws CountersignError `not-supported` if it is not installed
 */
export function peer(): Peer {
  return (loaded ??= load())
}

function load(): Peer {
  const ours = createRequire(import.meta.url)
  return loadPeer('countersign/better-auth needs better-auth 1.7 or newer', 'better-auth@1', () => {
    const api = ours('better-auth/api') as Peer['api']
    const cookies = ours('better-auth/cookies') as Peer['cookies']
    const crypto = ours('better-auth/crypto') as Peer['crypto']
    // A dependency of better-auth, which strict package managers show to nobody else.
    const context = createRequire(ours.resolve('better-auth/api'))('@better-auth/core/context') as Omit<Peer, 'api' | 'cookies' | 'crypto'>
    const { getCurrentAdapter, queueAfterTransactionHook } = context
    return { api, cookies, crypto, getCurrentAdapter, queueAfterTransactionHook }
  })
}
