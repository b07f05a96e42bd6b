import { createHandler } from '../../facade/http/index.js'
import type { Handler, HandlerOptions, HttpUser, Verification } from '../../facade/http/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import type { OpenOptions, Store } from '../../index.js'
import { Fixture, origin } from '../helpers/service.js'
import { HttpClient } from './http-client.js'

export const user = 'ann'

/** A host with one session, whose callbacks a test can look at. */
export class HttpHost {
  session: HttpUser | null = null
  readonly told: { user: HttpUser; outcome: Verification }[] = []
  readonly enrolled: boolean[] = []
  readonly errors: unknown[] = []
  handler!: Handler
  client!: HttpClient

  private constructor(readonly fixture: Fixture) {}

  static async open(
    options: Partial<HandlerOptions> = {}, store: Store = memoryStore(), open: Partial<OpenOptions> = {},
  ): Promise<HttpHost> {
    const host = new HttpHost(await Fixture.open(store, open))
    host.handler = createHandler(host.fixture.service, {
      user: () => host.session,
      onVerified: (request, who, outcome) => {
        host.told.push({ user: who, outcome })
        if (outcome.ok) host.session = { ...who, state: 'verified', at: outcome.at, answered: false }
        else if (outcome.reason === 'enrolment-required') {
          host.session = { ...who, state: 'pending', answered: true, at: outcome.at, assurance: outcome.assurance }
        }
        else if (outcome.reason === 'locked' && who.state === 'pending') host.session = null
      },
      onEnrolled: (request, who, enrolled) => void host.enrolled.push(enrolled),
      onError: (error) => host.errors.push(error),
      ...options,
    })
    host.client = new HttpClient(origin, (request) => host.handler(request))
    return host
  }

  /** The password was right just now. */
  pending(more: Partial<HttpUser> = {}): this {
    this.session = { id: user, state: 'pending', at: this.fixture.now, ...more }
    return this
  }

  /** A factor was proved just now, and not in the second in which it was enrolled. */
  verified(more: Partial<HttpUser> = {}): this {
    this.fixture.now += 1000
    this.session = { id: user, state: 'verified', at: this.fixture.now, ...more }
    return this
  }
}
