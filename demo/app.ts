import { mkdir } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Countersign, type SealOptions, type YubicoSecrets } from 'countersign'
import { toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { openAccounts } from './accounts.js'
import { checkOrigin, HttpError, readJson, securityHeaders, sendJson } from './http.js'
import { pageFiles } from './page.js'
import { passwordRoutes } from './password-routes.js'
import { secondFactorHandler } from './second-factor.js'
import type { App } from './routes.js'
import { Sessions, type Session } from './sessions.js'
import { Throttle } from './throttle.js'

export interface AppSettings {
  /** Where browsers reach the server, such as `http://localhost:8080`. */
  origin: string
  /** Accounts and factors live here. */
  directory: string
  /** Whether a password alone never opens an account. */
  required?: boolean
  /** The secrets of Yubico keys, by public id. Without them, the demo offers no Yubico OTPs. */
  yubicoKeys?: Record<string, YubicoSecrets>
  /** The keys that records are sealed with. Without them, they are not. */
  seal?: SealOptions
  /** How many passwords an address may try in a quarter of an hour. Default 100. */
  passwordsPerAddress?: number
  /** Epoch milliseconds; tests move it. */
  now?: () => number
  /** Gets what went wrong here, as opposed to what was refused. */
  log?: (error: unknown) => void
}

export async function openApp(settings: AppSettings) {
  const { origin, directory, required = false, passwordsPerAddress = 100, yubicoKeys, seal } = settings
  const keys = yubicoKeys && new Map(Object.entries(yubicoKeys))
  const { now = Date.now, log = console.error } = settings
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const countersign = await Countersign.open({
    rp: { id: new URL(origin).hostname, name: 'Countersign demo', origins: [origin] },
    store: directoryStore(join(directory, 'countersign'), { create: true }),
    ...(keys && { yubico: { secrets: (publicId) => keys.get(publicId) } }),
    ...(seal && { seal }),
    now,
  })
  const app: App = {
    countersign,
    accounts: await openAccounts(join(directory, 'accounts.json')),
    sessions: new Sessions(origin.startsWith('https:'), now),
    throttle: new Throttle(now),
    required,
    passwordsPerAddress,
    log,
  }
  const routes = passwordRoutes(app)
  const secondFactor = toNodeListener(secondFactorHandler(app))
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
    if (path.startsWith('/countersign/')) return void (await secondFactor(request, response))
    const route = routes[`${method} ${path}`]
    if (!route) throw new HttpError(404, 'not-found')
    if (method !== 'GET') checkOrigin(request, origin)
    const body = method === 'GET' ? {} : await readJson(request)
    const session = app.sessions.find(request.headers.cookie)
    const setCookie = (value: string): void => void response.setHeader('set-cookie', value)
    const become = (next: Session): void => setCookie(app.sessions.replace(session, next))
    const signOut = (): void => setCookie(app.sessions.end(request.headers.cookie))
    const address = request.socket.remoteAddress ?? ''
    sendJson(response, 200, await route({ body, session, become, signOut, address }))
  }

  return {
    handle(request: IncomingMessage, response: ServerResponse): void {
      answer(request, response).catch((error: unknown) => {
        if (error instanceof HttpError) return sendJson(response, error.status, { error: error.code })
        // Errors of the service carry a code and never what was passed in; the browser learns nothing of them.
        log(error)
        sendJson(response, 500, { error: 'internal' })
      })
    },
    close: () => countersign.close(),
  }
}
