// A topic is a file of cases. Each is added with what is expected of it.
import { ceremonies } from './ceremony.mjs'
import { names } from './keys.mjs'

/** Where 7.1 and 7.2 make the same check. */
const steps = {
  response: { create: 3, get: 3 },
  credential: { create: 25, get: 5 },
  decode: { create: 5, get: 8 },
  parse: { create: 6, get: 9 },
  type: { create: 7, get: 10 },
  challenge: { create: 8, get: 11 },
  origin: { create: 9, get: 12 },
  crossOrigin: { create: 10, get: 13 },
  topOrigin: { create: 11, get: 14 },
  authData: { create: 13, get: 7 },
  rpIdHash: { create: 14, get: 15 },
  up: { create: 15, get: 16 },
  uv: { create: 16, get: 17 },
  backup: { create: 17, get: 18 },
  extensions: { create: 28, get: 23 },
}

export class Topic {
  #cases = new Map()

  /** `name`: that of its file, and what the ids of its cases begin with. */
  constructor(name, title) {
    this.name = name
    this.title = title
  }

  /** Its cases, sorted by their ids. */
  cases() {
    return [...this.#cases.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /**
   * Adds a case. `about`: `verdict`, `reason` (unless it is valid), `comment`, `flags`, to which that of the key's algorithm
   * is added, `step`, which is one that both ceremonies have or the number of one, and the `sections` that say more.
   */
  add(type, name, about, options = {}) {
    const id = `${this.name}/${name}/${type === 'create' ? 'registration' : 'authentication'}`
    if (this.#cases.has(id)) throw new Error(`two cases are called ${id}`)
    const { verdict, reason, comment, flags = [], step, sections = [] } = about
    if ((verdict === 'valid') !== (reason === undefined)) throw new Error(`${id}: a reason belongs to what may be refused`)
    const number = typeof step === 'string' ? steps[step][type] : step
    const { ceremony, expected, response, result } = ceremonies[type](id, options)
    this.#cases.set(id, {
      id,
      ceremony,
      comment,
      verdict,
      ...(reason && { reason }),
      spec: [{ section: type === 'create' ? '7.1' : '7.2', step: number }, ...sections.map((section) => ({ section }))],
      flags: [...new Set([...flags, `alg:${names[options.alg ?? -7]}`])].sort(),
      expected,
      response,
      ...(verdict === 'valid' && { result }),
    })
  }

  /** The same case of both ceremonies. */
  both(name, about, options) {
    this.add('create', name, about, options)
    this.add('get', name, about, options)
  }
}

export const valid = (step, comment, more) => ({ verdict: 'valid', step, comment, ...more })
export const invalid = (step, reason, comment, more) => ({ verdict: 'invalid', step, reason, comment, ...more })
export const acceptable = (step, reason, comment, more) => ({ verdict: 'acceptable', step, reason, comment, ...more })
