import { Countersign } from '../../index.js'
import type { CountersignEvent, Factor, OpenOptions, Store } from '../../index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAuthenticatorOptions } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { sealOf } from './sealed.js'

export const origin = 'https://example.com'
export const rp = { id: 'example.com', name: 'Example', origins: [origin] }

/** The beginning of the next TOTP step: not in the past, for a database has a clock of its own. */
export const nextStep = (): number => Math.ceil(Date.now() / 30_000) * 30_000

export const start = nextStep()

/** A service on a store of its own, with a clock that stands still until it is set, and its events. */
export class Fixture {
  readonly events: CountersignEvent[] = []
  now = start

  private constructor(
    readonly store: Store,
    readonly options: Partial<OpenOptions>,
  ) {}

  service!: Countersign

  static async open(store: Store, options: Partial<OpenOptions> = {}): Promise<Fixture> {
    const fixture = new Fixture(store, options)
    fixture.service = await fixture.another()
    return fixture
  }

  /** A second service on the same store: another process, or this one after a restart. */
  another(options: Partial<OpenOptions> = {}): Promise<Countersign> {
    const { store, events } = this
    const onEvent = (event: CountersignEvent) => void events.push(event)
    return Countersign.open({ rp, store, now: () => this.now, onEvent, ...sealOf(store), ...this.options, ...options })
  }

  async enrolTotp(user: string): Promise<{ factor: Factor; uri: string; code: string }> {
    const { enrolment, uri } = await this.service.beginTotp(user, { account: 'ann@example.com' })
    const code = totpAt(uri, this.now)
    const enrolled = await this.service.finishTotp(user, { enrolment, code, description: 'phone' })
    if (!enrolled.ok) throw new Error(enrolled.reason)
    return { factor: enrolled.factor, uri, code }
  }

  async enrolKey(
    user: string, options: TestAuthenticatorOptions = {},
  ): Promise<{ factor: Factor; key: TestAuthenticator }> {
    const key = new TestAuthenticator(options)
    const creation = await this.service.beginWebauthn(user, { name: 'ann@example.com', displayName: 'Ann' })
    const response = key.create(creation, { origin })
    const enrolled = await this.service.finishWebauthn(user, { response, description: 'key' })
    if (!enrolled.ok) throw new Error(enrolled.reason)
    return { factor: enrolled.factor, key }
  }

  /** An answer to a fresh challenge. */
  async assertion(user: string, key: TestAuthenticator) {
    const challenge = await this.service.challenge(user)
    if (!challenge?.webauthn) throw new Error('nothing to sign')
    return { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }
  }

  /** Sets the clock on by some TOTP steps. */
  step(steps = 1): void {
    this.now += steps * 30_000
  }
}

/** A code of six digits that is none of those of the steps around this time, nor of those among which a clock's drift is looked for. */
export function wrongCode(uri: string, at: number): string {
  const right = new Set(Array.from({ length: 45 }, (_, step) => totpAt(uri, at + (step - 22) * 30_000)))
  // Not from 0: a time has many zeros, and tests look for codes in texts.
  for (let code = 918_273; ; code++) {
    const text = String(code).padStart(6, '0')
    if (!right.has(text)) return text
  }
}

/** The same store with some methods behaving otherwise. */
export function overriding(store: Store, methods: Partial<Store>): Store {
  return {
    read: (user) => store.read(user),
    update: (user, change) => store.update(user, change),
    owner: (handle) => store.owner(handle),
    users: () => store.users(),
    put: (key, challenge) => store.put(key, challenge),
    take: (key, id, now) => store.take(key, id, now),
    clear: (key) => store.clear(key),
    ...(store.sharedKey && { sharedKey: (fresh) => store.sharedKey!(fresh) }),
    ...methods,
  }
}
