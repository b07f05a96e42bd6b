import { createRequire } from 'node:module'

import { loadPeer } from '../shared/peer.js'
import type { HttpUser } from './options.js'
import { toNodeListener } from './node.js'
import { hasExpressSession } from './sessions/express-stack.js'
import type { ProblemAnswer } from './problem.js'
import { checkSessions, foreignness, guardOf, misplaced, refusalOf, secondFactorOf } from './sessions/guard.js'
import type { GuardOptions, SecondFactor as RequestFactor } from './sessions/guard.js'
import type { AnyRequest } from './same-origin.js'
import type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions/sessions.js'

export type { GuardOptions } from './sessions/guard.js'
export type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions/sessions.js'

// oxlint-disable typescript/no-explicit-any -- injected classes and tokens are anything in NestJS, and requests those of two adapters

export interface SecondFactorModuleOptions {
  /** What `expressSessions()`, `fastifySessions()` or `createSessions()` returned. */
  sessions: Sessions<any>
}

export interface SecondFactorModuleAsyncOptions {
  imports?: any[]
  inject?: any[]
  useFactory: (...injected: any[]) => SecondFactorModuleOptions | Promise<SecondFactorModuleOptions>
}

/** A dynamic module of NestJS, for `imports`. */
export interface SecondFactorDynamicModule {
  module: any
  global: boolean
  imports: any[]
  providers: any[]
  exports: any[]
}

/** Injects the sessions: `@Inject(SESSIONS) sessions: OwnSessions`. */
export const SESSIONS: unique symbol = Symbol('countersign sessions')

const guardKey = 'countersign:guard'

/** The second factor of a request, to be injected: `constructor(private readonly secondFactor: SecondFactorService) {}`. */
export class SecondFactorService {
  readonly #sessions: Sessions<any>

  /** @internal */
  constructor(sessions: Sessions<any>) {
    this.#sessions = sessions
  }

  /** Returns the user of a request, or `null`. Check `state`: a `pending` user has only given the password. */
  user(request: unknown): Promise<HttpUser | null> {
    return this.#sessions.user(request)
  }

  /** Returns the user whose sign-in is complete, or why there is none. */
  check(request: unknown, options?: CheckOptions): Promise<SessionCheck> {
    return this.#sessions.check(request, options)
  }

  /** Begins a sign-in after the password, and sets the cookie of the response. */
  signIn(request: unknown, response: unknown, user: string, options?: SignInOptions): Promise<SessionChange> {
    return this.#of(request, response).signIn(user, options)
  }

  /** Signs out, and takes the cookie away. */
  signOut(request: unknown, response: unknown): Promise<SessionChange> {
    return this.#of(request, response).signOut()
  }

  /** Ends all other sign-ins of the user of a request. */
  endOthers(request: unknown): Promise<void> {
    return this.#sessions.endOthers(request)
  }

  /** Ends all sign-ins of a user, for example if the account is blocked or removed. */
  endUser(user: string): Promise<void> {
    return this.#sessions.endUser(user)
  }

  #of(request: unknown, response: unknown): RequestFactor {
    return secondFactorOf(this.#sessions, request, (headers) => setHeaders(response, headers))
  }
}

/**
 * The second factor for NestJS (11 or newer), with the adapter of Express or of Fastify. It serves the JSON API at
 * `basePath` of the sessions, with any global prefix.
 *
 * The start of the application rejects with a `CountersignError` (`invalid-argument`) if the module is imported twice, or
 * the sessions are for another adapter or come before their plugin; making it throws `not-supported` without NestJS.
 *
 * @example
 * \@Module({ imports: [SecondFactorModule.forRoot({ sessions })], controllers: [OrdersController] })
 * export class AppModule {}
 */
export class SecondFactorModule {
  readonly #host: { httpAdapter: Adapter }
  readonly #sessions: Sessions<any>

  /** @internal */
  constructor(host: { httpAdapter: Adapter }, sessions: Sessions<any>) {
    this.#host = host
    this.#sessions = sessions
  }

  static forRoot(options: SecondFactorModuleOptions): SecondFactorDynamicModule {
    const sessions = checkSessions(Object(options).sessions as Sessions<any>)
    return moduleWith([{ provide: SESSIONS, useValue: sessions }])
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: SecondFactorModuleAsyncOptions): SecondFactorDynamicModule {
    const made = async (...injected: unknown[]) => checkSessions(Object(await useFactory(...injected)).sessions as Sessions<any>)
    return moduleWith([{ provide: SESSIONS, inject, useFactory: made }], imports)
  }

  /** @internal */
  onModuleInit(): void {
    mount(this.#host.httpAdapter, this.#sessions)
  }
}

/**
 * Lets only users through whose sign-in is complete, with a proof that is not older than `within` seconds if that is
 * given. For a controller or a route; that of a route counts. Others get a problem detail as from the API, as an
 * `HttpException`. Browsers that open a page are sent to `redirect`, if there is one.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option; `not-supported` without NestJS
 *
 * @example
 * \@SecondFactor({ within: 300 })
 * \@Post('refunds')
 */
export function SecondFactor(options: GuardOptions = {}): ClassDecorator & MethodDecorator {
  const { common } = nest()
  return common.applyDecorators(common.SetMetadata(guardKey, guardOf(options)), common.UseGuards(SecondFactorGuard))
}

/**
 * Refuses requests that change something and come from a page of another site, or have no JSON. For your own routes that
 * check a password, sign in or sign out.
 */
export function OwnRequests(): ClassDecorator & MethodDecorator {
  const { common } = nest()
  return common.applyDecorators(common.UseGuards(OwnRequestsGuard))
}

/** The user of a route with `@SecondFactor()`, as a parameter of its method: `@SecondFactorUser() user: HttpUser`. */
export function SecondFactorUser(): ParameterDecorator {
  const { common } = nest()
  return common.createParamDecorator((_data: unknown, context: Execution) => users.get(context.switchToHttp().getRequest()))()
}

/** What the guard has found, for {@link SecondFactorUser}. */
const users = new WeakMap<object, HttpUser>()

interface Execution {
  getType(): string
  getHandler(): unknown
  getClass(): unknown
  switchToHttp(): { getRequest(): AnyRequest; getResponse(): unknown }
}

/** @internal */
export class SecondFactorGuard {
  readonly #sessions: Sessions<any>
  readonly #reflector: { getAllAndOverride(key: string, targets: unknown[]): ReturnType<typeof guardOf> }

  constructor(sessions: Sessions<any>, reflector: { getAllAndOverride(key: string, targets: unknown[]): ReturnType<typeof guardOf> }) {
    this.#sessions = sessions
    this.#reflector = reflector
  }

  async canActivate(context: Execution): Promise<boolean> {
    const { request, response } = httpOf(context)
    const guard = this.#reflector.getAllAndOverride(guardKey, [context.getHandler(), context.getClass()])
    const checked = await this.#sessions.check(request, guard.check)
    if (!checked.ok) throw refused(response, guard.refuse(checked.reason, request))
    users.set(request, checked.user)
    return true
  }
}

/** @internal */
export class OwnRequestsGuard {
  readonly #sessions: Sessions<any>

  constructor(sessions: Sessions<any>) {
    this.#sessions = sessions
  }

  canActivate(context: Execution): boolean {
    const { request, response } = httpOf(context)
    if (!this.#sessions.isOwn(request)) throw refused(response, refusalOf(foreignness(request), request))
    return true
  }
}

function httpOf(context: Execution) {
  if (context.getType() !== 'http') throw misplaced('@SecondFactor() is for HTTP: there is no session in other contexts')
  const http = context.switchToHttp()
  return { request: http.getRequest(), response: http.getResponse() }
}

/** Filters of the host see it as any other exception. */
function refused(response: unknown, { status, headers, problem }: ProblemAnswer): Error {
  const { 'content-type': _, ...rest } = headers
  setHeaders(response, status === 303 ? rest : { ...rest, 'content-type': 'application/problem+json' })
  return new (nest().common.HttpException)(problem, status)
}

/** Both adapters' responses; each cookie by itself. */
function setHeaders(response: unknown, headers: Record<string, string>): void {
  const to = response as { appendHeader?: (name: string, value: string) => void; header(name: string, value: string): void }
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'set-cookie' && typeof to.appendHeader === 'function') to.appendHeader(name, value)
    else to.header(name, value)
  }
}

interface Adapter {
  getType(): string
  getInstance(): any
}

const mounted = new WeakSet<object>()

function mount(adapter: Adapter, { handler, basePath, plugin }: Sessions<any>): void {
  const [type, app] = [adapter.getType(), adapter.getInstance()]
  if (type !== 'express' && type !== 'fastify') throw misplaced(`SecondFactorModule works with the adapters of Express and Fastify, and not with ${type}`)
  if (mounted.has(app as object)) throw misplaced('SecondFactorModule is imported twice in this application: import it once, in the root module')
  mounted.add(app as object)
  const isExpress = type === 'express'
  if (plugin === (isExpress ? '@fastify/session' : 'express-session')) {
    throw misplaced(`the sessions are those of ${plugin}, and the adapter is that of ${isExpress ? 'Express' : 'Fastify'}: use ` +
      `${isExpress ? 'expressSessions()' : 'fastifySessions()'} or createSessions()`)
  }
  if (isExpress) {
    if (plugin !== undefined && !hasExpressSession(app as object)) {
      process.emitWarning('SecondFactorModule found no middleware of express-session. Call app.use(session({ ... })) before ' +
        'app.listen(): without a session every request fails.', 'CountersignWarning')
    }
    app.use(basePath, toNodeListener(handler))
    return
  }
  if (plugin !== undefined && app.hasRequestDecorator('session') !== true) {
    throw misplaced('SecondFactorModule found no @fastify/session: call app.register() with @fastify/cookie and @fastify/session before app.listen()')
  }
  app.all(`${basePath}/*`, toNodeListener(handler))
}

function moduleWith(providers: any[], imports: any[] = []): SecondFactorDynamicModule {
  nest()
  const all = [...providers, SecondFactorService, SecondFactorGuard, OwnRequestsGuard]
  return { module: SecondFactorModule, global: true, imports, providers: all, exports: [SESSIONS, SecondFactorService, SecondFactorGuard, OwnRequestsGuard] }
}

interface Nest {
  common: any
  core: any
}

let loaded: Nest | undefined

/** The host's own NestJS, when it is needed: the entry loads without it. */
function nest(): Nest {
  if (!loaded) {
    loaded = load()
    decorate(loaded)
  }
  return loaded
}

function load(): Nest {
  const ours = createRequire(import.meta.url)
  const needs = 'countersign/http/nestjs needs @nestjs/common and @nestjs/core 11 or newer'
  return loadPeer(needs, '@nestjs/common@12 @nestjs/core@12', () => ({ common: ours('@nestjs/common'), core: ours('@nestjs/core') }))
}

/** What decorators would do to these classes, if NestJS were there when they are defined. */
function decorate({ common, core }: Nest): void {
  const injected: [object, any[]][] = [
    [SecondFactorService, [SESSIONS]],
    [SecondFactorGuard, [SESSIONS, core.Reflector]],
    [OwnRequestsGuard, [SESSIONS]],
    [SecondFactorModule, [core.HttpAdapterHost, SESSIONS]],
  ]
  for (const [target, tokens] of injected) {
    common.Injectable()(target)
    for (const [index, token] of tokens.entries()) common.Inject(token)(target, undefined, index)
  }
  common.Module({})(SecondFactorModule)
}
