import { randomInt } from 'node:crypto'

import test from 'ava'

import { totpAt } from '../../facade/testing/totp-at.js'
import { generateSecret, otpauthUri, parseOtpauthUri, totpCode, verifyTotp } from '../../facade/stateless/totp.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const ascii = (length: number) => Buffer.from('1234567890'.repeat(7).slice(0, length))

test('RFC 6238, appendix B', (t) => {
  const rows: [number, string, string, string][] = [
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ]
  const keys = [['SHA1', 20], ['SHA256', 32], ['SHA512', 64]] as const
  for (const [seconds, ...codes] of rows) {
    for (const [index, [algorithm, length]] of keys.entries()) {
      const parameters = { secret: ascii(length), algorithm, digits: 8 }
      const code = codes[index] ?? ''
      t.is(totpCode(parameters, seconds * 1000), code)
      t.deepEqual(verifyTotp({ ...parameters, code, at: seconds * 1000 }), { step: Math.floor(seconds / 30) })
    }
  }
})

test('RFC 4226, appendix D: counters 0 to 9', (t) => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
  for (const [counter, code] of codes.entries()) t.is(totpCode({ secret: ascii(20) }, counter * 30_000), code)
})

test('a generated secret has 160 bits and never comes twice', (t) => {
  const secrets = Array.from({ length: 1000 }, generateSecret)
  t.is(new Set(secrets).size, 1000)
  for (const secret of secrets) t.regex(secret, /^[A-Z2-7]{32}$/)
})

test('bytes and base32 text are the same secret', (t) => {
  for (let length = 1; length <= 40; length++) {
    const secret = ascii(length)
    const uri = otpauthUri({ secret, account: 'ann' })
    t.is(totpCode({ secret }, 59_000), totpCode(uri, 59_000))
    t.is(totpCode({ secret: parseOtpauthUri(uri).secret }, 59_000), totpCode(uri, 59_000))
  }
})

test('a key URI goes both ways', (t) => {
  const secret = generateSecret()
  const full = {
    secret, account: 'ann@example.com', issuer: 'Ann & Co', algorithm: 'SHA512', digits: 8, period: 60,
  } as const
  const uri = otpauthUri(full)
  t.regex(uri, /^otpauth:\/\/totp\/Ann%20%26%20Co:ann%40example(\.|%2E)com\?secret=/)
  t.false(uri.includes('+'), 'blanks are %20')
  t.deepEqual(parseOtpauthUri(uri), full)
  const plain = parseOtpauthUri(otpauthUri({ secret, account: 'ann' }))
  t.deepEqual(plain, { secret, account: 'ann', algorithm: 'SHA1', digits: 6, period: 30 })
  const pasted = `${secret.toLowerCase().replace(/(.{4})/g, '$1 ').trim()}==`
  t.is(totpCode({ secret: pasted }, 0), totpCode({ secret }, 0))
})

test('URIs that no one should accept are refused, by the name of the argument alone', (t) => {
  const good = otpauthUri({ secret: generateSecret(), account: 'ann', issuer: 'Shop' })
  const bad = [
    '', 'hunter2', 'https://example.com/?secret=AAAA', 'otpauth://hotp/ann?secret=AAAAAAAAAAAAAAAA&counter=1',
    'otpauth://totp/ann', 'otpauth://totp/ann?secret=', 'otpauth://totp/ann?secret=0189', `${good}&period=0`,
    'otpauth://totp/ann?secret=AAAAAAAAAAAAAAAA&period=0', 'otpauth://totp/ann?secret=AAAAAAAAAAAAAAAA&digits=5',
    'otpauth://totp/ann?secret=AAAAAAAAAAAAAAAA&algorithm=MD5', 'otpauth://steam/ann?secret=AAAAAAAAAAAAAAAA',
    `otpauth://totp/ann?secret=${'A'.repeat(5000)}`, 'otpauth://totp/\ud800?secret=AAAAAAAAAAAAAAAA',
  ]
  for (const uri of bad) {
    t.throws(() => parseOtpauthUri(uri), { code: 'invalid-argument', message: invalidArgument('uri') })
    t.throws(() => totpCode(uri), { code: 'invalid-argument', message: invalidArgument('uri') })
  }
  for (const uri of [null, 7, {}, undefined]) t.throws(
    () => parseOtpauthUri(uri as string), { code: 'invalid-argument' },
  )
})

test('URIs as apps write them are read, and what is refused is named', (t) => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const microsoft = ` OTPAUTH://TOTP/Microsoft:Company:ann?secret=${secret.toLowerCase()}%3D%3D&lock=false&image=&algorithm=HMAC-SHA-256&`
  t.deepEqual(parseOtpauthUri(microsoft), {
    secret, account: 'Company:ann', issuer: 'Microsoft', algorithm: 'SHA256', digits: 6, period: 30,
  })
  const code = totpCode({ secret, algorithm: 'SHA256' }, 59_000)
  t.is(totpCode(microsoft, 59_000), code)
  t.deepEqual(verifyTotp({ uri: microsoft, code, at: 59_000 }), { step: 1 })
  for (const [rest, part] of [
    ['digits=5', /digits/], ['period=0', /period/], ['algorithm=MD5', /algorithm/], ['encoder=steam', /encoder/],
    ['digits=6&digits=6', /digits/], [`secret=${secret}`, /secret/], ['issuer=%ff', /issuer/],
  ] as const) {
    const uri = `otpauth://totp/ann?secret=${secret}&${rest}`
    for (const call of [() => parseOtpauthUri(uri), () => totpCode(uri, 0), () => verifyTotp({ uri, code: '123456' })]) {
      const error = t.throws(call, { code: 'invalid-argument', message: invalidArgument('uri') })
      t.regex(error!.message, part)
      t.false(error!.message.includes(secret))
    }
  }
  t.throws(() => parseOtpauthUri(`otpauth://hotp/ann?secret=${secret}&counter=1`), { message: /HOTP/ })
})

test('the window, both ways and past only', (t) => {
  const secret = generateSecret()
  const at = 1_800_000_000_000
  const step = at / 30_000
  const accepted = (window: Parameters<typeof verifyTotp>[0]['window']) =>
    [-3, -2, -1, 0, 1, 2, 3].filter((off) => {
      const found = verifyTotp(
        { secret, code: totpAt(secret, at + off * 30_000), at, ...(window === undefined ? {} : { window }) },
      )
      return found?.step === step + off
    })
  t.deepEqual(accepted(undefined), [-1, 0, 1])
  t.deepEqual(accepted(0), [0])
  t.deepEqual(accepted(2), [-2, -1, 0, 1, 2])
  t.deepEqual(accepted({ past: 2, future: 0 }), [-2, -1, 0])
  for (const window of [-1, 11, 1.5, NaN, '1', null, { past: 1 }]) {
    t.throws(() => verifyTotp({ secret, code: '1', window: window as number }), { code: 'invalid-argument' })
  }
})

test('only steps after the last one count', (t) => {
  const secret = generateSecret()
  const at = 1_800_000_000_000
  const code = totpAt(secret, at)
  const step = at / 30_000
  t.deepEqual(verifyTotp({ secret, code, at, lastStep: step - 1 }), { step })
  t.is(verifyTotp({ secret, code, at, lastStep: step }), null)
  t.is(verifyTotp({ secret, code, at: at + 30_000, lastStep: step }), null)
  t.is(verifyTotp({ secret, code, at, lastStep: step + 1 }), null)
})

test('what a person types is untrusted: null, never an exception', (t) => {
  const secret = generateSecret()
  const at = 59_000
  const code = totpAt(secret, at)
  const wide = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')
  const [first, last] = [code.slice(0, 3), code.slice(3)]
  for (const typed of [
    code, ` ${code} `, `${first} ${last}`, `${first}-${last}`, wide, `-${code}`, `${first} – ${last}`, `${first}\u2212${last}`,
    `\u202a${code}\u202c`, `\u2066${first}\u200b${last}\u2069`, `\ufeff${first}\u202f${last}`, [...code].join('\ufe0f'),
  ]) {
    t.truthy(verifyTotp({ secret, code: typed, at }), typed)
  }
  const hostile: unknown[] = [
    undefined, null, Number(code), BigInt(code), [code], { code }, new String(code), '', ' ', `${code}a`, `a${code}`,
    `${code}0`,
    code.slice(0, 5), `+${code}`, `${code}\u0000`, `0x${code}`, `${code}.0`, `${code}\ud800`,
    '1'.repeat(100_000),
  ]
  for (const typed of hostile) t.is(verifyTotp({ secret, code: typed, at }), null, typeof typed)
})

test('a code in the digits of any script is that code, all of one script', (t) => {
  const secret = generateSecret()
  const at = 59_000
  const code = totpAt(secret, at)
  let scripts = 0
  for (let zero = 0; zero <= 0x10ffff; zero += 1) {
    if (!/^\p{Nd}$/u.test(String.fromCodePoint(zero))) continue
    const typed = [...code].map((digit) => String.fromCodePoint(zero + Number(digit))).join('')
    t.truthy(verifyTotp({ secret, code: typed, at }), `U+${zero.toString(16)}`)
    scripts += 1
    zero += 9
  }
  t.true(scripts > 60)
  const thai = [...code.slice(0, 3)].map((digit) => String.fromCodePoint(0xe50 + Number(digit))).join('')
  t.is(verifyTotp({ secret, code: thai + code.slice(3), at }), null)
})

test('there is one key, and no stray parameters', (t) => {
  const secret = generateSecret()
  const uri = otpauthUri({ secret, account: 'ann', digits: 8 })
  const code = totpAt(uri, 0)
  t.deepEqual(verifyTotp({ uri, code, at: 0 }), { step: 0 })
  t.deepEqual(verifyTotp({ parameters: { secret, digits: 8 }, code, at: 0 }), { step: 0 })
  const wrong: [object, string][] = [
    [{ code }, 'secret'], [{ uri, secret, code }, 'uri'], [{ uri, digits: 6, code }, 'digits'],
    [{ secret, digts: 8, code }, 'digts'], [{ secret, digits: 9, code }, 'digits'], [{ secret: '', code }, 'secret'],
    [{ secret: '0189', code }, 'secret'], [{ secret: 7, code }, 'secret'], [{ secret, period: 0, code }, 'period'],
    [{ secret, algorithm: 'MD5', code }, 'algorithm'], [{ secret, code, at: -1 }, 'at'],
    [{ secret, code, lastStep: 1.5 }, 'lastStep'],
  ]
  for (const [options, name] of wrong) {
    t.throws(() => verifyTotp(options as never), { code: 'invalid-argument', message: invalidArgument(name) })
  }
})

test('100,000 random wrong codes are all refused', (t) => {
  const secret = generateSecret()
  const at = 1_800_000_000_000
  const right = new Set([-1, 0, 1].map((step) => totpAt(secret, at + step * 30_000)))
  for (let i = 0; i < 100_000; i++) {
    const code = String(randomInt(1_000_000)).padStart(6, '0')
    if (!right.has(code) && verifyTotp({ secret, code, at }) !== null) return t.fail('accepted a wrong code')
  }
  for (const code of right) t.truthy(verifyTotp({ secret, code, at }))
})
