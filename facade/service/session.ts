import { ifGiven, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { sha256 } from '../shared/crypto.js'

/**
 * What a ceremony is bound to in place of the host's session: its SHA-256 in base64url. The session's id may well be
 * all that a thief of it needs, and the store of challenges is no place for that.
 */
const boundSession: Check<string> = (value, name) => sha256(text(1024)(value, name), 'base64url')

export const checkSession = ifGiven(boundSession, 'to bind it to no session')
