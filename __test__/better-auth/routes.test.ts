// Every endpoint of better-auth and its plugins is in one of these lists: a new one has to be looked at.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

import { replacingPaths } from '../../facade/better-auth/guard.js'
import { routes } from '../../facade/http/routes.js'
import { databases } from '../helpers/better-auth.js'
import { makeHost } from './host.js'
import { ways } from './ways.js'

/** They make a session, and are tested each by itself (`sessions.test.ts`) beside the {@link ways}. */
const otherWays = ['/sign-up/email', '/sign-in/anonymous', '/device/token', '/passkey/verify-registration', '/admin/impersonate-user']

/** They hand over a session that is there already, or come back to one. */
const handingOver = ['/one-time-token/verify', '/multi-session/set-active', '/admin/stop-impersonating']

/** They begin what one of the ways ends. */
const beginning = [
  '/sign-in/magic-link', '/email-otp/send-verification-otp', '/phone-number/send-otp', '/send-verification-email', '/siwe/nonce',
  '/siwe/get-nonce', '/passkey/generate-authenticate-options', '/oauth-popup/start', '/device/code', '/device', '/one-time-token/generate',
]

/** They need a session, and may give it new cookies; none makes another one. */
const withSession = [
  '/account-info', '/admin/ban-user', '/admin/create-user', '/admin/get-user', '/admin/has-permission', '/admin/list-user-sessions',
  '/admin/list-users', '/admin/remove-user', '/admin/revoke-user-session', '/admin/revoke-user-sessions', '/admin/set-role',
  '/admin/set-user-password', '/admin/unban-user', '/admin/update-user', '/change-email', '/delete-anonymous-user', '/delete-user',
  '/delete-user/callback', '/device/approve', '/device/deny', '/email-otp/change-email', '/email-otp/request-email-change',
  '/get-access-token', '/get-session', '/link-social', '/list-accounts', '/list-sessions', '/multi-session/list-device-sessions',
  '/multi-session/revoke', '/organization/accept-invitation', '/organization/cancel-invitation', '/organization/check-slug',
  '/organization/create', '/organization/delete', '/organization/get-active-member', '/organization/get-active-member-role',
  '/organization/get-full-organization', '/organization/get-invitation', '/organization/get-organization',
  '/organization/has-permission', '/organization/invite-member', '/organization/leave', '/organization/list',
  '/organization/list-invitations', '/organization/list-members', '/organization/list-user-invitations',
  '/organization/reject-invitation', '/organization/remove-member', '/organization/set-active', '/organization/update',
  '/organization/update-member-role', '/passkey/delete-passkey', '/passkey/generate-register-options', '/passkey/list-user-passkeys',
  '/passkey/update-passkey', '/refresh-token', '/revoke-other-sessions', '/revoke-session', '/revoke-sessions', '/sign-out', '/token',
  '/two-factor/generate-backup-codes', '/two-factor/get-totp-uri', '/unlink-account', '/update-session', '/update-user',
  '/verify-password',
]

/**
 * They need no session, and make none. Those of `/two-factor` for a sign-in need a cookie that better-auth only gives
 * after it has made a session, and come to the guard like any other.
 */
const without = [
  '/email-otp/check-verification-otp', '/email-otp/request-password-reset', '/email-otp/reset-password', '/error',
  '/forget-password/email-otp', '/is-username-available', '/jwks', '/ok', '/open-api/generate-schema',
  '/phone-number/request-password-reset', '/phone-number/reset-password', '/reference', '/request-password-reset', '/reset-password',
  '/reset-password/:token', '/two-factor/send-otp', '/two-factor/verify-backup-code',
]

const ours = [...routes.map(({ path }) => path.replaceAll(/\{(\w+)\}/g, ':$1')), '/cancel', '/continue'].map((path) => `/countersign${path}`)

const [make] = Object.values(databases)

;(make ? test : test.skip)('each endpoint is classified, and no list names one that is not there', async (t) => {
  const { auth } = await makeHost(make!)
  const paths = Object.values(auth.api as unknown as Record<string, { path?: string }>).flatMap(({ path }) => path ?? [])
  const known = new Set([...Object.keys(ways), ...otherWays, ...handingOver, ...beginning, ...withSession, ...without, ...replacingPaths, ...ours])
  t.deepEqual(paths.filter((path) => !known.has(path)), [], 'not classified')
  t.deepEqual([...known].filter((path) => !paths.includes(path)), [], 'not there')
})

/** The calls of `createSession` in the files of better-auth. Each is at one of the endpoints above. */
const calls: Record<string, number> = {
  'better-auth/dist/api/routes/email-verification.mjs': 1,
  'better-auth/dist/api/routes/sign-in.mjs': 1,
  'better-auth/dist/api/routes/sign-up.mjs': 1,
  'better-auth/dist/api/routes/update-user.mjs': 1,
  'better-auth/dist/oauth2/link-account.mjs': 1,
  'better-auth/dist/plugins/admin/routes.mjs': 1,
  'better-auth/dist/plugins/anonymous/index.mjs': 1,
  'better-auth/dist/plugins/device-authorization/routes.mjs': 1,
  'better-auth/dist/plugins/email-otp/routes.mjs': 3,
  'better-auth/dist/plugins/magic-link/index.mjs': 1,
  'better-auth/dist/plugins/phone-number/routes.mjs': 2,
  'better-auth/dist/plugins/siwe/index.mjs': 1,
  // For the tests of hosts: their code too has to be let through.
  'better-auth/dist/plugins/test-utils/auth-helpers.mjs': 1,
  'better-auth/dist/plugins/two-factor/index.mjs': 3,
  'better-auth/dist/plugins/two-factor/otp/index.mjs': 1,
  'better-auth/dist/plugins/two-factor/totp/index.mjs': 1,
  'better-auth/dist/plugins/two-factor/verify-two-factor.mjs': 1,
  'better-auth/dist/plugins/username/index.mjs': 1,
  '@better-auth/passkey/dist/index.mjs': 2,
}

test('sessions are made by createSession alone, and at the places that are known', async (t) => {
  const root = fileURLToPath(new URL('../../../node_modules/', import.meta.url))
  const found: Record<string, number> = {}
  const directly: string[] = []
  for (const name of ['better-auth/dist', '@better-auth/core/dist', '@better-auth/passkey/dist']) {
    for (const path of await readdir(join(root, name), { recursive: true })) {
      if (!path.endsWith('.mjs')) continue
      const code = await readFile(join(root, name, path), 'utf8')
      const count = code.split('internalAdapter.createSession(').length - 1
      if (count > 0) found[`${name}/${path}`] = count
      if (/\.create\(\{\s+model: "session"/.test(code)) directly.push(path)
    }
  }
  t.deepEqual(found, calls)
  t.deepEqual(directly, [])
})
