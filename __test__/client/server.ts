import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import type { ExecutionContext } from 'ava'

import { Countersign } from '../../index.js'
import type { CountersignEvent } from '../../index.js'
import { createHandler, toNodeListener } from '../../facade/http/index.js'
import type { NodeContext } from '../../facade/http/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { keepAlive } from '../helpers/emulated.js'

interface Session {
  id: string
  state: 'pending' | 'verified'
  at: number
}

export interface ShopOptions {
  /** Seconds of a TOTP step. Default 30. */
  period?: number
  /** How far the clock goes ahead, milliseconds. */
  ahead?: number
  /** How long a proof counts for `/api/refunds`, milliseconds. Default a minute. */
  fresh?: number
}

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

/** A shop with a REST API behind a password and a second factor, on a real port. */
export class Shop {
  readonly events: CountersignEvent[] = []
  readonly requests: { url: string; cookie: string | undefined; headers: IncomingMessage['headers'] }[] = []
  readonly sessions = new Map<string, Session>()
  url = ''
  /** As a browser on this machine would have it. */
  origin = ''
  service!: Countersign
  #ahead: number
  readonly #options: ShopOptions

  private constructor(options: ShopOptions) {
    this.#options = options
    this.#ahead = options.ahead ?? 0
  }

  static async open(t: ExecutionContext, options: ShopOptions = {}): Promise<Shop> {
    const shop = new Shop(options)
    let listener: Listener = (_req, res) => res.end()
    const server = createServer(keepAlive, (req, res) => listener(req, res)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => { server.closeAllConnections(); server.close() })
    shop.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    shop.origin = shop.url.replace('127.0.0.1', 'localhost')
    const rp = { id: 'localhost', name: 'Shop', origins: [shop.origin] }
    const onEvent = (event: CountersignEvent) => void shop.events.push(event)
    const { period = 30 } = options
    shop.service = await Countersign.open({ rp, store: memoryStore(), totp: { period }, now: () => shop.now(), onEvent })
    listener = shop.#listener()
    return shop
  }

  now = (): number => Date.now() + this.#ahead

  /** Enrols an app by a clock that goes some steps late: 0 leaves the present code used. */
  async enrol(user: string, { late = 3 } = {}): Promise<string> {
    const { period = 30, ahead = 0 } = this.#options
    this.#ahead = ahead - late * period * 1000
    const { enrolment, uri } = await this.service.beginTotp(user, { account: user })
    const enrolled = await this.service.finishTotp(user, { enrolment, code: totpAt(uri, this.now()), description: 'app' })
    if (!enrolled.ok) throw new Error(enrolled.reason)
    this.#ahead = ahead
    return uri
  }

  #listener(): Listener {
    const secondFactor = toNodeListener(
      createHandler<NodeContext<IncomingMessage, ServerResponse>>(this.service, {
        user: (_request, { req }) => this.#session(req) ?? null,
        admin: (_request, { id }) => id === 'root' && 'root',
        onVerified: (_request, { id }, outcome, { req, res }) => {
          if (outcome.ok) this.#renew(req, res, { id, state: 'verified', at: this.now() })
        },
      }),
    )
    return (req, res) => {
      const { url = '', headers } = req
      this.requests.push({ url, cookie: headers.cookie, headers })
      res.setHeader('date', new Date(this.now()).toUTCString())
      if (url.startsWith('/countersign/')) return secondFactor(req, res)
      return this.#route(url, req, res).catch(() => res.writeHead(500).end())
    }
  }

  async #route(url: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req)
    const session = this.#session(req)
    if (url === '/password') {
      const { name } = JSON.parse(body) as { name: string }
      this.#renew(req, res, { id: name, state: 'pending', at: this.now() })
      return void res.writeHead(204).end()
    }
    if (!session) return problem(res, 401, 'not-signed-in')
    if (session.state === 'pending') return problem(res, 401, 'second-factor-required')
    const { fresh = 60_000 } = this.#options
    if (url === '/api/refunds' && this.now() - session.at > fresh) return problem(res, 403, 'step-up-required')
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ url, user: session.id, body }))
  }

  #session({ headers: { cookie = '' } }: IncomingMessage): Session | undefined {
    return this.sessions.get(/session=([^;]+)/.exec(cookie)?.[1] ?? '')
  }

  #renew(req: IncomingMessage, res: ServerResponse, session: Session): void {
    this.sessions.delete(/session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1] ?? '')
    const id = randomUUID()
    this.sessions.set(id, session)
    const cookie = `session=${id}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=600`
    res.setHeader('set-cookie', [cookie, 'other=1; Path=/elsewhere'])
  }
}

function problem(res: ServerResponse, status: number, name: string): void {
  res.writeHead(status, { 'content-type': 'application/problem+json' })
  res.end(JSON.stringify({ type: `urn:countersign:problem:${name}`, title: name, status }))
}
