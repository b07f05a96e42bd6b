import { randomBytes } from 'node:crypto'

const PENDING = 5 * 60_000
const SIGNED_IN = 12 * 3_600_000
/** For how long the id before still signs out: a request with it may be on its way. */
const REPLACED = 60_000

export interface Session {
  account: string
  /** `pending`: the password was right, the second factor is still to come. */
  state: 'pending' | 'signed-in'
  /** Binds challenges to this sign-in; unlike the id in the cookie it stays the same until the session ends. */
  binding: string
  /** When the person last proved who it is, epoch ms: factors may be changed for a while after it. */
  provedAt: number
  expires: number
}

/** Sessions in memory: a restart signs everyone out. */
export class Sessions {
  readonly #byId = new Map<string, Session>()
  /** By an id that is over, the one that took its place. */
  readonly #next = new Map<string, { id: string; until: number }>()
  readonly #cookieName: string
  readonly #attributes: string
  readonly #now: () => number

  constructor(secure: boolean, now: () => number) {
    this.#cookieName = secure ? '__Host-session' : 'session'
    this.#attributes = `; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
    this.#now = now
  }

  start(account: string, state: Session['state'], provedAt = this.#now()): Session {
    const expires = this.#now() + (state === 'pending' ? PENDING : SIGNED_IN)
    return { account, state, binding: randomId(), provedAt, expires }
  }

  /**
   * Puts `next` in the place of a browser's session, or nothing; the value of `set-cookie`. Always under a new id: one
   * that was known before a privilege changed is worth nothing after it.
   */
  replace(session: Session | undefined, next: Session | undefined): string {
    this.#sweep()
    const before = [...this.#byId].flatMap(([id, { binding }]) => (binding === session?.binding ? [id] : []))
    for (const id of before) this.#byId.delete(id)
    if (!next) return this.#cookie('')
    const id = randomId()
    this.#byId.set(id, next)
    for (const old of before) this.#next.set(old, { id, until: this.#now() + REPLACED })
    return this.#cookie(id)
  }

  /**
   * Signs a browser out. With an id that was replaced while this was on its way, it is the session of the new one that
   * ends: whoever asked for it means the sign-in, and not one of its ids.
   */
  end(cookies = ''): string {
    this.#sweep()
    let id = this.#id(cookies)
    for (let next = this.#next.get(id); next; next = this.#next.get(id)) id = next.id
    return this.replace(this.#byId.get(id), undefined)
  }

  find(cookies = ''): Session | undefined {
    const session = this.#byId.get(this.#id(cookies))
    return session && session.expires > this.#now() ? session : undefined
  }

  /** Signs the account out everywhere else. */
  endOthers(session: Session): void {
    for (const [id, one] of this.#byId) {
      if (one.account === session.account && one.binding !== session.binding) this.#byId.delete(id)
    }
  }

  /** The same sign-in with a newer proof, for `replace` to put in its place. */
  proved(session: Session, provedAt = this.#now()): Session {
    return { ...session, provedAt }
  }

  isOpen(session: Session): boolean {
    return [...this.#byId.values()].some(({ binding }) => binding === session.binding)
  }

  /** The value of `set-cookie`; without an id it takes the cookie away. */
  #cookie(id: string): string {
    return `${this.#cookieName}=${id}${this.#attributes}${id ? '' : '; Max-Age=0'}`
  }

  #id(cookies: string): string {
    const prefix = `${this.#cookieName}=`
    const found = cookies.split(';').find((one) => one.trim().startsWith(prefix))
    return found?.trim().slice(prefix.length) ?? ''
  }

  #sweep(): void {
    const now = this.#now()
    for (const [id, { expires }] of this.#byId) if (expires <= now) this.#byId.delete(id)
    for (const [id, { until }] of this.#next) if (until <= now) this.#next.delete(id)
  }
}

function randomId(): string {
  return randomBytes(32).toString('base64url')
}
