import { base64url, flipped, seeded, utf8 } from '../bytes.mjs'
import { ceremonies, inResponse, userHandle } from '../ceremony.mjs'
import { keyOf } from '../keys.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

export function response() {
  const topic = new Topic('response', 'The response as JSON, whose it is, and for which ceremony (5.1, 7.2)')
  shape(topic)
  ids(topic)
  encodings(topic)
  handles(topic)
  otherCeremonies(topic)
  return topic
}

const sections = ['5.1']
const wrong = (comment, more) => invalid('response', 'malformed', comment, { sections, ...more })
const lenient = (comment, more) => acceptable('response', 'malformed', comment, { sections, ...more })
const withMembers = (members) => (value) => ({ ...value, ...members })
const without = (name) => (value) => Object.fromEntries(Object.entries(value).filter(([member]) => member !== name))

/** The members of bytes that each kind of response must have. */
const required = { create: ['attestationObject'], get: ['authenticatorData', 'signature'] }

function shape(topic) {
  const add = (name, about, bend) => topic.both(name, about, { response: bend })
  add('unknown-member', valid('response', 'Members that nobody knows', { sections }), (value) => ({
    ...value,
    unknown: 1,
    response: { ...value.response, unknown: [] },
  }))
  add(
    'attachment',
    valid('response', 'authenticatorAttachment, which is optional', { sections }),
    withMembers({ authenticatorAttachment: 'platform' }),
  )
  add(
    'attachment-unknown',
    lenient('An authenticatorAttachment that nobody knows yet'),
    withMembers({ authenticatorAttachment: 'implant' }),
  )
  add(
    'without-extension-results',
    lenient('No clientExtensionResults, which RegistrationResponseJSON and AuthenticationResponseJSON demand'),
    without('clientExtensionResults'),
  )
  add('type-other', wrong('A type that is not public-key'), withMembers({ type: 'password' }))
  add('type-missing', lenient('No type'), without('type'))
  add('without-response', wrong('No response in it'), without('response'))
  add('response-null', wrong('A response that is null'), withMembers({ response: null }))
  add('response-list', wrong('A response that is a list'), withMembers({ response: [] }))
  add('without-id', lenient('No id'), without('id'))
  add('without-raw-id', lenient('No rawId'), without('rawId'))
  for (const type of ['create', 'get']) {
    for (const member of required[type]) {
      const label = member.toLowerCase()
      topic.add(type, `without-${label}`, wrong(`No ${member}`), { response: inResponse(member, () => undefined) })
      topic.add(type, `${label}-null`, wrong(`${member} is null`), { response: inResponse(member, () => null) })
      topic.add(type, `${label}-list`, wrong(`${member} as a list of bytes`), {
        response: inResponse(member, (text) => [...Buffer.from(text, 'base64url')].slice(0, 16)),
      })
    }
  }
  topic.add(
    'create',
    'transports-unknown',
    valid('response', 'A transport that nobody knows yet: relying parties should keep it', { sections: ['5.2.1'] }),
    {
      response: inResponse('transports', () => ['usb', 'telepathy']),
    },
  )
  topic.add('create', 'transports-empty', valid('response', 'No transports', { sections: ['5.2.1'] }), {
    response: inResponse('transports', () => []),
  })
  topic.add('create', 'transports-missing', lenient('No list of transports', { sections: ['5.2.1'] }), {
    response: inResponse('transports', () => undefined),
  })
  topic.add('create', 'transports-text', lenient('A text in place of the list of transports', { sections: ['5.2.1'] }), {
    response: inResponse('transports', () => 'usb'),
  })
}

function ids(topic) {
  topic.both('raw-id-other', lenient('rawId is not id'), {
    response: withMembers({ rawId: base64url(seeded('another id', 16)) }),
  })
  topic.both('id-other', lenient('id is not rawId'), { response: withMembers({ id: base64url(seeded('another id', 16)) }) })
  const number = { response: withMembers({ id: 7, rawId: 7 }) }
  topic.add('create', 'id-number', lenient('id is a number: what is stored is the id of the authenticator data'), number)
  topic.add('get', 'id-number', wrong('id is a number'), number)
  const empty = { response: withMembers({ id: '', rawId: '' }) }
  topic.add(
    'create',
    'id-empty',
    acceptable('response', 'credential-mismatch', 'id is empty, and that of the authenticator data is not', { sections }),
    empty,
  )
  topic.add('get', 'id-empty', invalid('credential', 'credential-mismatch', 'id is empty'), empty)
  topic.add('get', 'other-credential', invalid('credential', 'credential-mismatch', 'The id of another credential'), {
    response: (value) => {
      const id = base64url(seeded('another id', 16))
      return { ...value, id, rawId: id }
    },
  })
  topic.add(
    'get',
    'credential-id-prefix',
    invalid('credential', 'credential-mismatch', 'The first bytes of the credential id'),
    {
      response: (value) => {
        const id = value.id.slice(0, 16)
        return { ...value, id, rawId: id }
      },
    },
  )
}

function encodings(topic) {
  // An id whose two encodings differ, and which would be padded.
  const credentialId = Uint8Array.of(0xfb, 0xff, 0xfe, ...seeded('id in two alphabets', 13))
  const standard = Buffer.from(credentialId).toString('base64')
  const flags = ['base64']
  const add = (name, about, members) => topic.both(name, { ...about, flags }, { credentialId, response: withMembers(members) })
  add('raw-id-standard', lenient('rawId in standard base64, as some password managers write it'), { rawId: standard })
  add('ids-standard', lenient('Both ids in standard base64'), { id: standard, rawId: standard })
  add('raw-id-padded', lenient('rawId with padding'), { rawId: `${base64url(credentialId)}==` })
  const foreign = { credentialId, response: withMembers({ id: '!', rawId: '!' }) }
  topic.add(
    'create',
    'id-not-base64',
    { ...lenient('An id with a character of neither alphabet: what is stored is the id of the authenticator data'), flags },
    foreign,
  )
  topic.add('get', 'id-not-base64', { ...wrong('An id with a character of neither alphabet'), flags }, foreign)
  add('id-with-space', lenient('White space in the ids'), {
    id: `${base64url(credentialId)} `,
    rawId: `${base64url(credentialId)} `,
  })
  for (const type of ['create', 'get']) {
    for (const member of required[type]) {
      const label = member.toLowerCase()
      topic.add(
        type,
        `${label}-standard`,
        { ...lenient(`${member} in standard base64, with padding`), flags },
        {
          response: inResponse(member, (text) => Buffer.from(text, 'base64url').toString('base64')),
        },
      )
      topic.add(
        type,
        `${label}-hexadecimal`,
        { ...wrong(`${member} in hexadecimal, whose digits are base64url of other bytes`), flags },
        {
          response: inResponse(member, (text) => Buffer.from(text, 'base64url').toString('hex')),
        },
      )
      topic.add(
        type,
        `${label}-not-base64`,
        { ...lenient(`A character of neither alphabet at the end of ${member}, which lenient decoders skip`), flags },
        {
          response: inResponse(member, (text) => `${text}*`),
        },
      )
    }
  }
}

function handles(topic) {
  const add = (name, about, handle, stored = {}) =>
    topic.add(
      'get',
      `user-handle-${name}`,
      { ...about, flags: ['user-handle'] },
      { response: inResponse('userHandle', () => handle), stored },
    )
  const wrongUser = (comment) => invalid(6, 'user-handle-mismatch', comment)
  add('right', valid(6, 'The stored user handle'), base64url(userHandle))
  add('missing', valid(6, 'No user handle: the user was identified before'), undefined)
  add('null', acceptable(6, 'malformed', 'A user handle that is null, as pages wrote it before toJSON'), null)
  add('empty', acceptable(6, 'malformed', 'An empty user handle, as some clients write a missing one'), '')
  add('other', wrongUser('The handle of another user'), base64url(seeded('another user')))
  add('one-bit', wrongUser('One bit differs'), base64url(flipped(userHandle)))
  add('prefix', wrongUser('The first half of the handle'), base64url(userHandle.slice(0, 16)))
  add('longer', wrongUser('A byte more than the handle'), base64url(Uint8Array.of(...userHandle, 0)))
  add('encoded-twice', wrongUser('The base64url text, encoded once more'), base64url(utf8(base64url(userHandle))))
  add('number', invalid(6, 'malformed', 'A number'), 7)
  add('not-base64', acceptable(6, 'malformed', 'A character of neither alphabet, which lenient decoders skip'), '!')
}

function otherCeremonies(topic) {
  const flags = ['cross-ceremony']
  const seed = 'response of the other ceremony'
  const challenge = seeded(seed)
  const made = { create: ceremonies.create(seed, { challenge }).response, get: ceremonies.get(seed, { challenge }).response }
  topic.add('get', 'of-registration', wrong('The response of a registration', { flags }), {
    challenge,
    response: () => made.create,
  })
  topic.add('create', 'of-authentication', invalid('type', 'type-mismatch', 'The response of an authentication', { flags }), {
    challenge,
    response: () => made.get,
  })
  topic.add(
    'get',
    'registration-data-signed',
    invalid(
      'type',
      'malformed',
      'A registration with packed self attestation, presented as an assertion: its signature is right',
      { flags, sections: ['6.1'] },
    ),
    {
      challenge,
      response: () => {
        const key = keyOf(-7)
        let signature
        const { id, response } = ceremonies.create(seed, {
          challenge,
          statement: ({ signed }) => {
            signature = key.sign(signed)
            return {
              fmt: 'packed',
              attStmt: new Map([
                ['alg', -7],
                ['sig', signature],
              ]),
            }
          },
          object: (_, { authData }) => authData,
        }).response
        return {
          id,
          rawId: id,
          type: 'public-key',
          response: {
            clientDataJSON: response.clientDataJSON,
            authenticatorData: response.attestationObject,
            signature: base64url(signature),
          },
          clientExtensionResults: {},
        }
      },
    },
  )
}
