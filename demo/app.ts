import { mkdir } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Countersign, type AuditLog, type Policy, type SealOptions, type YubicoSecrets } from 'countersign'
import { authenticatorName } from 'countersign/authenticators'
import { toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { accountRoutes } from './account-routes.js'
import { openAccounts } from './accounts.js'
import { HttpError, readJson, securityHeaders, sendJson, sendResponse } from './http.js'
import { pageFiles } from './page.js'
import { passwordRoutes } from './password-routes.js'
import type { App, RouteRequest } from './routes.js'
import { secondFactor, type SecondFactorSettings } from './second-factor.js'
import { Throttle } from './throttle.js'

export interface AppSettings {
  /** The origin of the page, such as `http://localhost:8080`. */
  origin: string
  /** The folder for accounts and factors. */
  directory: string
  /** Whether every user must have a second factor. Default false. */
  required?: boolean
  /** What an answer of a sign-in has to prove, and of which users. Default: nothing. */
  require?: SecondFactorSettings['require']
  /** Who has to enrol what, and until when. Default: nobody has to. */
  policy?: Policy
  /** The secrets of Yubico keys, by public id. Without them, the demo offers no Yubico OTPs. */
  yubicoKeys?: Record<string, YubicoSecrets>
  /** The keys that seal the records. Without them, records aren't sealed. */
  seal?: SealOptions
  /** The audit log, which shows users the activity of their account. Default: none. */
  audit?: AuditLog
  /** How many passwords an address may try in 15 minutes. Default 100. */
  passwordsPerAddress?: number
  /** The time in epoch milliseconds. Tests set it. */
  now?: () => number
  /** Receives errors of the server. Refused requests are not errors. */
  log?: (error: unknown) => void
}

export async function openApp(settings: AppSettings) {
  const { origin, directory, required = false, require = {}, passwordsPerAddress = 100, yubicoKeys, seal, audit, policy } = settings
  const keys = yubicoKeys && new Map(Object.entries(yubicoKeys))
  const { now = Date.now, log = console.error } = settings
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const countersign = await Countersign.open({
    rp: { id: new URL(origin).hostname, name: 'Countersign demo', origins: [origin] },
    store: directoryStore(join(directory, 'countersign'), { create: true }),
    ...(keys && { yubico: { secrets: (publicId) => keys.get(publicId) } }),
    ...(seal && { seal }),
    webauthn: { modelName: authenticatorName },
    ...(audit && { audit }),
    ...(policy && { policy }),
    now,
  })
  const accounts = await openAccounts(join(directory, 'accounts.json'))
  const sessions = secondFactor(countersign, { accounts, required, require, log })
  const app: App = { countersign, accounts, sessions, throttle: new Throttle(now), passwordsPerAddress, now }
  const routes = { ...passwordRoutes(app), ...accountRoutes(app) }
  const handler = toNodeListener(sessions.handler)
  const files = await pageFiles()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    securityHeaders(response)
    const method = request.method ?? ''
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const file = files.get(path)
    if (file && (method === 'GET' || method === 'HEAD')) {
      response.setHeader('content-type', file.type)
      response.end(method === 'HEAD' ? undefined : file.content)
      return
    }
    if (path.startsWith('/countersign/')) return void (await handler(request, response))
    const route = routes[`${method} ${path}`]
    if (!route) throw new HttpError(404, 'not-found')
    // A page of another site must not change anything.
    if (!sessions.isOwn(request)) throw new HttpError(403, 'wrong-origin')
    const body = method === 'GET' ? {} : await readJson(request)
    const keep: RouteRequest['keep'] = (change) => {
      if (!change.ok) throw new HttpError(403, change.reason)
      for (const [name, value] of Object.entries(change.headers)) response.setHeader(name, value)
    }
    const answer = await route({ request, body, keep, address: request.socket.remoteAddress ?? '' })
    if (answer instanceof Response) await sendResponse(response, answer)
    else sendJson(response, 200, answer)
  }

  return {
    handle(request: IncomingMessage, response: ServerResponse): void {
      answer(request, response).catch((error: unknown) => {
        if (error instanceof HttpError) return sendJson(response, error.status, { error: error.code })
        // Errors of the service have a code, and never contain the input. The browser doesn't get them.
        log(error)
        sendJson(response, 500, { error: 'internal' })
      })
    },
    close: () => countersign.close(),
  }
}
