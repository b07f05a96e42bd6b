// What the cases of signatures share.
import { seeded } from './bytes.mjs'
import { authentication } from './ceremony.mjs'
import { names } from './keys.mjs'
import { invalid } from './topic.mjs'

export const sections = ['6.5.5']
export const wrong = (comment, flags = []) => invalid(21, 'signature-invalid', comment, { sections, flags })

/** Adds assertions by an algorithm. */
export const adding = (topic, alg) => (name, about, options) => {
  topic.add('get', `${names[alg].toLowerCase()}-${name}`, about, { alg, ...options })
}

/** A challenge whose honest assertion has such a signature. */
export function challengeWhere(alg, fits) {
  for (let number = 0; ; number += 1) {
    const challenge = seeded(`challenge of a rare signature ${number}`)
    let found = false
    const signature = (bytes, parts) => {
      found = fits(bytes, parts)
      return bytes
    }
    authentication('', { alg, challenge, signature })
    if (found) return challenge
  }
}
