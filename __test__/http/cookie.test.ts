// Which cookies are ours: browsers keep the prefix __Host- from other hosts of the domain, and only under that very name.
import type { IncomingMessage } from 'node:http'

import test from 'ava'

import { cookieOf, setCookie } from '../../facade/http/cookie.js'
import { readerOf } from '../../facade/http/node-headers.js'

const settings = { name: 'session', secure: true, sameSite: 'Lax' } as const
const read = (cookie: string) => cookieOf({ headers: { cookie } }, settings)

test('a cookie is found between others, with the blanks that HTTP has', (t) => {
  for (const cookie of ['__Host-session=x', 'a=b; __Host-session=x', '__Host-session=x;a=b', ' \t__Host-session=x \t; a', ';;__Host-session=x;']) {
    t.is(read(cookie), 'x', cookie)
    t.is(cookieOf({ headers: new Headers({ cookie }) }, settings), 'x', cookie)
  }
  t.is(read('__Host-session='), '')
  for (const none of ['', 'session=x', '__host-session=x', '__Host-session', '__Host-session =x', '__Secure-session=x']) t.is(read(none), undefined, none)
  t.is(read('__Host-session=x; __Host-session=y'), undefined, 'which one is ours?')
  t.is(cookieOf({ headers: {} }, settings), undefined)
})

test('what only looks like the name to trim() is another cookie, that any host of the domain may set', (t) => {
  const blanks = ['\u00a0', '\ufeff', '\u2000', '\u3000', '\u2028', '\v', '\f', '\u0085', '\0', '\r', '\n', '"', '$']
  for (const blank of blanks) {
    t.is(read(`${blank}__Host-session=evil`), undefined, JSON.stringify(blank))
    t.is(read(`${blank}__Host-session=evil; __Host-session=x`), 'x', JSON.stringify(blank))
  }
  t.is(cookieOf({ headers: new Headers({ cookie: 'a=b; \u00a0__Host-session=evil' }) }, settings), undefined)
})

test('headers that all objects have are none of a request', (t) => {
  const evil = '__Host-session=evil'
  // oxlint-disable-next-line no-extend-native -- this is what it is about
  Object.defineProperty(Object.prototype, 'cookie', { value: evil, configurable: true, writable: true })
  let found: unknown[] = []
  try {
    const node = { headers: {} } as IncomingMessage
    found = [cookieOf({ headers: {} }, settings), cookieOf(node, settings), readerOf({}).get('cookie'), readerOf({ cookie: 'own' }).get('cookie')]
  } finally {
    delete (Object.prototype as { cookie?: string }).cookie
  }
  t.deepEqual(found, [undefined, undefined, null, 'own'])
})

test('a cookie is set for this host alone', (t) => {
  t.deepEqual(setCookie(settings, 'x', 60), { 'set-cookie': '__Host-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure' })
})
