// Which cookies are ours: browsers keep the prefix __Host- from other hosts of the domain, and only under that very name.
import test from 'ava'

import { cookieOf, setCookie } from '../../facade/http/cookie.js'

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

test('a cookie is set for this host alone', (t) => {
  t.deepEqual(setCookie(settings, 'x', 60), { 'set-cookie': '__Host-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure' })
})
