import test from 'ava'

import { Cookies } from '../../facade/client/cookies.js'

const page = new URL('https://example.com/shop/cart')

function jar(...headers: string[]) {
  const cookies = new Cookies()
  const take = (...more: string[]) => cookies.take(new Headers(more.map((one) => ['set-cookie', one])), page, 1000)
  take(...headers)
  const at = (url: string, now = 1000) => cookies.header(new URL(url, page), now)
  return { take, at }
}

test('a cookie goes where its path says', (t) => {
  const { at } = jar('a=1; Path=/', 'b=2; path=/shop', 'c=3', 'd=4; Path=/other', 'e=5; Path=nowhere')
  t.is(at('/'), 'a=1')
  t.is(at('/shop'), 'b=2; c=3; e=5; a=1')
  t.is(at('/shop/x'), 'b=2; c=3; e=5; a=1')
  t.is(at('/shopping'), 'a=1')
  t.is(at('/other/x'), 'd=4; a=1')
})

test('a cookie ends by its age, its date or an empty one', (t) => {
  const { at, take } = jar('a=1; Path=/; Max-Age=10', `b=2; Path=/; Expires=${new Date(20_000).toUTCString()}`, 'c=3; Path=/')
  t.is(at('/'), 'a=1; b=2; c=3')
  t.is(at('/', 11_500), 'b=2; c=3')
  t.is(at('/', 20_000), 'c=3')
  take('c=; Path=/; Max-Age=0', `b=; Path=/; Expires=${new Date(0).toUTCString()}`, 'a=2; Path=/; Expires=never; Max-Age=5')
  t.is(at('/'), 'a=2')
  t.is(at('/', 7000), undefined)
})

test('a secure one goes over TLS, or stays on this machine', (t) => {
  const { at } = jar('a=1; Path=/; Secure')
  t.is(at('https://example.com/'), 'a=1')
  t.is(at('http://example.com/'), undefined)
  t.is(at('http://127.0.0.1/'), 'a=1')
  t.is(at('http://127.0.0.1.example.com/'), undefined)
})

test('values are kept as they are, and what is no cookie is dropped', (t) => {
  const { at } = jar('a=x=y"z; Path=/', 'none', '=1', 'b=; Path=/')
  t.is(at('/'), 'a=x=y"z; b=')
})
