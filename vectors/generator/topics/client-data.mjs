import { base64url, concat, flipped, seeded, utf8 } from '../bytes.mjs'
import { bytesOf, inResponse } from '../ceremony.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

export function clientData() {
  const topic = new Topic('client-data', 'clientDataJSON: what the browser says of the ceremony (5.8.1)')
  whatMayBe(topic)
  types(topic)
  challenges(topic)
  origins(topic)
  frames(topic)
  duplicates(topic)
  syntax(topic)
  return topic
}

const without = (name) => (data) => Object.fromEntries(Object.entries(data).filter(([member]) => member !== name))
const withMembers = (members) => (data) => ({ ...data, ...members })
const text = (bend) => (data) => bend(JSON.stringify(data))

/** An accepted member twice, the other value first or last. */
const twice = (member, other, order) =>
  text((json) => {
    const added = `"${member}":${JSON.stringify(other)}`
    return order === 'first' ? `{${added},${json.slice(1)}` : `${json.slice(0, -1)},${added}}`
  })

function whatMayBe(topic) {
  const add = (name, comment, clientData, expected) =>
    topic.both(name, valid('parse', comment), { clientData, ...(expected && { expected }) })
  add('honest', 'The members in the order in which browsers write them', (data) => data)
  add('without-cross-origin', 'crossOrigin is optional', without('crossOrigin'))
  add('other-order', 'The order of the members has no meaning', (data) => ({
    crossOrigin: data.crossOrigin,
    origin: data.origin,
    challenge: data.challenge,
    type: data.type,
  }))
  add(
    'unknown-member',
    'Members that nobody knows yet, as Chromium adds one now and then',
    withMembers({
      other_keys_can_be_added_here: 'do not compare clientDataJSON against a template. See https://goo.gl/yabPex',
    }),
  )
  add(
    'unknown-object',
    'An unknown member with a value of some depth',
    withMembers({ unknown: { list: [1, { a: null }], text: 'x' } }),
  )
  add(
    'unknown-proto',
    'An unknown member whose name is special in JavaScript',
    text((json) => `${json.slice(0, -1)},"__proto__":{"type":"x"}}`),
  )
  add('unknown-not-ascii', 'Characters beyond ASCII in an unknown member', withMembers({ unknown: 'é 漢 😀' }))
  add(
    'token-binding',
    'The member that Level 2 had, as old browsers send it',
    withMembers({ tokenBinding: { status: 'supported' } }),
  )
  add('white-space', 'White space between the members', (data) => ` ${JSON.stringify(data, undefined, 2)}\n`)
  add(
    'escaped-slash',
    'JSON may escape a slash',
    text((json) => json.replaceAll('/', String.raw`\/`)),
  )
  add(
    'escaped-letter',
    'JSON may escape any letter, also in the name of a member',
    text((json) => json.replace('"origin"', String.raw`"\u006frigin"`)),
  )
  topic.both('byte-order-mark', valid('decode', 'UTF-8 decode strips a byte order mark', { flags: ['bom'] }), {
    clientData: (data) => concat([0xef, 0xbb, 0xbf], bytesOf(data)),
  })
  add('second-origin', 'One of several expected origins', withMembers({ origin: 'https://login.example.org' }), {
    origins: ['https://example.org', 'https://login.example.org'],
  })
  const android = 'android:apk-key-hash:yhGs6f9ATZGgSl1JmXu5zFO7MKUBJUsTeCWTjVIzTRY'
  add('android-origin', 'The origin of an Android app, compared as text', withMembers({ origin: android }), {
    origins: ['https://example.org', android],
  })
  add('origin-with-port', 'An expected origin with a port', withMembers({ origin: 'https://example.org:8443' }), {
    origins: ['https://example.org:8443'],
  })
}

function types(topic) {
  for (const [type, other] of [
    ['create', 'webauthn.get'],
    ['get', 'webauthn.create'],
  ]) {
    topic.add(
      type,
      'type-of-other-ceremony',
      invalid('type', 'type-mismatch', 'The type of the other ceremony', { flags: ['cross-ceremony'] }),
      {
        clientData: withMembers({ type: other }),
      },
    )
  }
  topic.add('get', 'type-of-payment', invalid('type', 'type-mismatch', 'The type of a Secure Payment Confirmation'), {
    clientData: withMembers({ type: 'payment.get' }),
  })
  const add = (name, reason, comment, clientData) =>
    topic.both(`type-${name}`, invalid('type', reason, comment), { clientData })
  add('in-upper-case', 'type-mismatch', 'The type is compared exactly', (data) => ({ ...data, type: data.type.toUpperCase() }))
  add('with-space', 'type-mismatch', 'A space after the type', (data) => ({ ...data, type: `${data.type} ` }))
  add('prefix', 'type-mismatch', 'The first part of the type', withMembers({ type: 'webauthn' }))
  add('empty', 'type-mismatch', 'An empty type', withMembers({ type: '' }))
  add('missing', 'malformed', 'No type', without('type'))
  add('null', 'malformed', 'A type that is null', withMembers({ type: null }))
  add('number', 'malformed', 'A type that is a number', withMembers({ type: 1 }))
  add('list', 'malformed', 'A list with the right type in it', (data) => ({ ...data, type: [data.type] }))
}

function challenges(topic) {
  const add = (name, reason, comment, clientData, more) =>
    topic.both(`challenge-${name}`, invalid('challenge', reason, comment), { clientData, ...more })
  add('other', 'challenge-mismatch', 'Another challenge', withMembers({ challenge: base64url(seeded('another challenge')) }))
  add('one-bit', 'challenge-mismatch', 'One bit of the challenge differs', (data, challenge) => ({
    ...data,
    challenge: base64url(flipped(challenge, 0)),
  }))
  add('padded', 'challenge-mismatch', 'The base64url text with padding', (data) => ({
    ...data,
    challenge: `${data.challenge}=`,
  }))
  add('prefix', 'challenge-mismatch', 'The first 16 bytes of the challenge', (data, challenge) => ({
    ...data,
    challenge: base64url(challenge.slice(0, 16)),
  }))
  add('longer', 'challenge-mismatch', 'A byte more than the challenge', (data, challenge) => ({
    ...data,
    challenge: base64url(concat(challenge, [0])),
  }))
  add('empty', 'challenge-mismatch', 'An empty challenge', withMembers({ challenge: '' }))
  add('hexadecimal', 'challenge-mismatch', 'The challenge in another encoding', (data, challenge) => ({
    ...data,
    challenge: Buffer.from(challenge).toString('hex'),
  }))
  add('base64-twice', 'challenge-mismatch', 'The base64url text encoded once more', (data) => ({
    ...data,
    challenge: base64url(utf8(data.challenge)),
  }))
  add('with-space', 'challenge-mismatch', 'A space after the challenge', (data) => ({
    ...data,
    challenge: `${data.challenge} `,
  }))
  add('with-zero', 'challenge-mismatch', 'A zero character after the challenge', (data) => ({
    ...data,
    challenge: `${data.challenge}\0`,
  }))
  add('other-case', 'challenge-mismatch', 'base64url distinguishes letters by case', (data) => ({
    ...data,
    challenge: data.challenge.toLowerCase(),
  }))
  add(
    'unused-bits',
    'challenge-mismatch',
    'The unused bits of the last character are not zero: the same bytes, another text',
    (data) => ({ ...data, challenge: lastCharacterMoved(data.challenge) }),
  )
  // Bytes that the two alphabets spell differently.
  const challenge = concat([0xfb, 0xff, 0xbf], seeded('challenge of two alphabets', 29))
  add(
    'standard-base64',
    'challenge-mismatch',
    'The alphabet of standard base64',
    (data) => ({ ...data, challenge: data.challenge.replaceAll('-', '+').replaceAll('_', '/') }),
    { challenge },
  )
  topic.both('challenge-both-alphabets', valid('challenge', 'A challenge with both characters that are special in base64url'), {
    challenge,
  })
  add('missing', 'malformed', 'No challenge', without('challenge'))
  add('null', 'malformed', 'A challenge that is null', withMembers({ challenge: null }))
  add('list', 'malformed', 'A list with the challenge in it', (data) => ({ ...data, challenge: [data.challenge] }))
  add('bytes', 'malformed', 'A list of the bytes', (data, bytes) => ({ ...data, challenge: [...bytes] }))
}

/** Of 32 bytes the last character has two unused bits. */
function lastCharacterMoved(text) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) + 1]
}

function origins(topic) {
  const other = {
    'other-scheme': ['http://example.org', 'Not over TLS'],
    'other-port': ['https://example.org:8443', 'Another port'],
    subdomain: ['https://evil.example.org', 'A subdomain that is not expected'],
    parent: ['https://org', 'The domain above'],
    'other-domain': ['https://example.com', 'Another domain'],
    suffix: ['https://example.org.evil.example', 'A domain that begins like the expected one'],
    prefix: ['https://evilexample.org', 'A domain that ends like the expected one'],
    user: ['https://example.org@evil.example', 'A domain that stands where a user name does'],
    'user-before': ['https://evil@example.org', 'A user name before the domain'],
    backslash: ['https://evil.example\\.example.org', 'A backslash in the domain'],
    fragment: ['https://evil.example#.example.org', 'A fragment that ends like the domain'],
    letters: ['https://ex\u0430mple.org', 'A Cyrillic letter in the domain'],
    'null-text': ['null', 'The origin of a sandboxed frame'],
    empty: ['', 'An empty origin'],
    android: ['android:apk-key-hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'An app that is not expected'],
    'new-line': ['https://example.org\n', 'A new line after the origin'],
    zero: ['https://example.org\0.evil.example', 'A zero character in the origin'],
  }
  for (const [name, [origin, comment]] of Object.entries(other)) {
    topic.both(`origin-${name}`, invalid('origin', 'origin-mismatch', comment), { clientData: withMembers({ origin }) })
  }
  // Browsers write none of these. They are other texts of the same origin.
  const spellings = {
    'trailing-slash': ['https://example.org/', 'A slash after the origin'],
    'default-port': ['https://example.org:443', 'The default port, written out'],
    'upper-case': ['https://EXAMPLE.ORG', 'Upper case'],
    path: ['https://example.org/login', 'A path'],
    'trailing-dot': ['https://example.org.', 'A dot after the domain: to a browser another host'],
    'with-space': [' https://example.org', 'A space before the origin'],
  }
  for (const [name, [origin, comment]] of Object.entries(spellings)) {
    const about = name === 'trailing-dot' ? invalid : acceptable
    topic.both(
      `origin-${name}`,
      about('origin', 'origin-mismatch', comment, { flags: ['origin-spelling'], sections: ['13.4.9'] }),
      {
        clientData: withMembers({ origin }),
      },
    )
  }
  const add = (name, comment, clientData) =>
    topic.both(`origin-${name}`, invalid('origin', 'malformed', comment), { clientData })
  add('missing', 'No origin', without('origin'))
  add('null', 'An origin that is null', withMembers({ origin: null }))
  add('list', 'A list with the origin in it', (data) => ({ ...data, origin: [data.origin] }))
  add('object', 'An object in place of the origin', withMembers({ origin: { toString: 'https://example.org' } }))
}

function frames(topic) {
  const crossOrigin = true
  const shop = 'https://shop.example'
  const framed = { crossOrigin: { topOrigins: [shop], allowMissing: false } }
  const flags = ['frame']
  topic.both(
    'frame-not-expected',
    invalid('crossOrigin', 'cross-origin', 'In a frame of another site, where none is expected', { flags }),
    {
      clientData: withMembers({ crossOrigin }),
    },
  )
  topic.both(
    'frame-named-not-expected',
    invalid('crossOrigin', 'cross-origin', 'The browser names the site of the frame, and none is expected', { flags }),
    {
      clientData: withMembers({ crossOrigin, topOrigin: shop }),
    },
  )
  topic.both('frame-expected', valid('topOrigin', 'In a frame of an expected site', { flags }), {
    clientData: withMembers({ crossOrigin, topOrigin: shop }),
    expected: framed,
  })
  topic.both(
    'frame-of-other-site',
    invalid('topOrigin', 'cross-origin', 'In a frame of a site that is not expected', { flags }),
    {
      clientData: withMembers({ crossOrigin, topOrigin: 'https://evil.example' }),
      expected: framed,
    },
  )
  topic.both(
    'frame-of-subdomain',
    invalid('topOrigin', 'cross-origin', 'In a frame of a subdomain of the expected site', { flags }),
    {
      clientData: withMembers({ crossOrigin, topOrigin: 'https://sub.shop.example' }),
      expected: framed,
    },
  )
  topic.both(
    'frame-not-named-expected',
    valid('crossOrigin', 'A browser that does not name the site, where this is expected', { flags }),
    {
      clientData: withMembers({ crossOrigin }),
      expected: { crossOrigin: { topOrigins: [shop], allowMissing: true } },
    },
  )
  topic.both('frame-none', valid('crossOrigin', 'No frame, where one would be allowed', { flags }), { expected: framed })
  topic.both(
    'top-origin-alone',
    invalid('topOrigin', 'cross-origin', 'topOrigin without crossOrigin, where no frame is expected', { flags }),
    {
      clientData: (data) => ({ ...without('crossOrigin')(data), topOrigin: shop }),
    },
  )
  topic.both(
    'top-origin-and-false',
    acceptable('topOrigin', 'cross-origin', 'topOrigin beside crossOrigin false: no browser sends it. Of an expected site', {
      flags,
    }),
    {
      clientData: withMembers({ topOrigin: shop }),
      expected: framed,
    },
  )
  for (const [name, value] of [
    ['text', 'true'],
    ['number', 1],
    ['null', null],
  ]) {
    topic.both(
      `cross-origin-${name}`,
      acceptable('crossOrigin', 'malformed', 'crossOrigin is no boolean, so it is not the value true either', { flags }),
      {
        clientData: withMembers({ crossOrigin: value }),
      },
    )
  }
}

function duplicates(topic) {
  const about = (comment) => acceptable('parse', 'malformed', comment, { flags: ['duplicate-member'] })
  for (const [name, other] of [
    ['type', 'webauthn.other'],
    ['challenge', base64url(seeded('a duplicate'))],
    ['origin', 'https://evil.example'],
    ['crossOrigin', true],
  ]) {
    for (const order of ['first', 'last']) {
      topic.both(
        `duplicate-${name.toLowerCase()}-${order}`,
        about(`${name} twice, the wrong value ${order}: parsers take the last, the first, or none`),
        {
          clientData: twice(name, other, order),
        },
      )
    }
  }
  topic.both('duplicate-unknown', about('An unknown member twice'), {
    clientData: text((json) => `${json.slice(0, -1)},"a":1,"a":2}`),
  })
  topic.both('duplicate-escaped', about('origin twice, once with an escaped letter in its name, the wrong value first'), {
    clientData: text((json) => `{${String.raw`"\u006frigin"`}:"https://evil.example",${json.slice(1)}`),
  })
}

function syntax(topic) {
  const add = (name, comment, clientData) => topic.both(`json-${name}`, invalid('parse', 'malformed', comment), { clientData })
  add('empty', 'Nothing', () => '')
  add('null', 'null', () => 'null')
  add(
    'list',
    'A list with the object in it',
    text((json) => `[${json}]`),
  )
  add(
    'text',
    'The JSON as a text in JSON',
    text((json) => JSON.stringify(json)),
  )
  add(
    'cut',
    'The last character is missing',
    text((json) => json.slice(0, -1)),
  )
  add(
    'more',
    'A second object after the first',
    text((json) => `${json}{}`),
  )
  add(
    'trailing-zero',
    'A zero byte after the object',
    text((json) => `${json}\0`),
  )
  add(
    'trailing-comma',
    'A comma after the last member',
    text((json) => `${json.slice(0, -1)},}`),
  )
  add(
    'comment',
    'A comment',
    text((json) => `/**/${json}`),
  )
  add(
    'single-quotes',
    'Single quotes',
    text((json) => json.replaceAll('"', "'")),
  )
  add(
    'bare-names',
    'A name without quotes',
    text((json) => json.replace('"type"', 'type')),
  )
  add(
    'not-a-number',
    'NaN as a value',
    text((json) => `${json.slice(0, -1)},"a":NaN}`),
  )
  add(
    'control-character',
    'A control character that is not escaped',
    text((json) => `${json.slice(0, -1)},"a":"\u0001"}`),
  )
  add('two-marks', 'Two byte order marks: one is stripped, the other is no JSON', (data) =>
    concat([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], bytesOf(data)),
  )
  add('utf-16', 'UTF-16', (data) => new Uint8Array(Buffer.from(JSON.stringify(data), 'utf16le')))
  add('invalid-utf-8-name', 'Bytes that are no UTF-8 where a name begins', (data) =>
    concat(utf8('{"'), [0xff, 0xfe], bytesOf(data).slice(2)),
  )
  const lenient = (name, comment, clientData) =>
    topic.both(`json-${name}`, acceptable('decode', 'malformed', comment), { clientData })
  lenient('invalid-utf-8', 'A byte that is no UTF-8 in the value of an unknown member: UTF-8 decode replaces it', (data) =>
    concat(bytesOf(data).slice(0, -1), utf8(',"a":"'), [0xff], utf8('"}')),
  )
  lenient(
    'surrogate',
    'Half a pair of surrogates, escaped, in an unknown member',
    text((json) => String.raw`${json.slice(0, -1)},"a":"\ud800"}`),
  )
  lenient(
    'large-number',
    'A number that no double holds, in an unknown member',
    text((json) => `${json.slice(0, -1)},"a":1e400}`),
  )
  lenient(
    'deep',
    'An unknown member of depth 200',
    text((json) => `${json.slice(0, -1)},"a":${'['.repeat(200)}${']'.repeat(200)}}`),
  )
  topic.both(
    'not-base64',
    acceptable(
      'response',
      'malformed',
      'A character of neither alphabet at the end of clientDataJSON, which lenient decoders skip',
      {
        flags: ['base64'],
      },
    ),
    {
      response: inResponse('clientDataJSON', (value) => `${value}!`),
    },
  )
  topic.both('missing', invalid('response', 'malformed', 'No clientDataJSON'), {
    response: inResponse('clientDataJSON', () => undefined),
  })
  topic.both('object', invalid('response', 'malformed', 'clientDataJSON as an object'), {
    response: inResponse('clientDataJSON', (value) => JSON.parse(Buffer.from(value, 'base64url').toString())),
  })
}
