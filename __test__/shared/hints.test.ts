// A name that several calls have: each says what it expects itself.
import test from 'ava'

import { auditTo, Countersign } from '../../index.js'
import { createHandler } from '../../facade/http/index.js'
import { createSessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { Fixture, rp } from '../helpers/service.js'

const says = (text: string) => ({ code: 'invalid-argument', message: `Invalid argument: ${text}` })

test('messages name what this call expects, not what another one does with this name', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  t.throws(() => auditTo({} as never), says('store must be an audit store with the methods append, read'))
  await t.throwsAsync(Countersign.open({ rp, store: 5 } as never), says('store must be a store such as directoryStore(path), or { users, challenges }'))
  t.throws(() => createSessions(service, { store: memorySessions(), account: 5 } as never), says('account must be a function'))
  await t.throwsAsync(service.beginTotp('ann', { account: '' }), says('account must be the text that phone apps show, at most 255 bytes, without a colon or control characters'))
  await t.throwsAsync(service.beginTotp('ann', { account: 'a:b' }), says('account must be the text that phone apps show, at most 255 bytes, without a colon or control characters'))
  const handler = { user: () => null, onVerified: () => undefined }
  t.throws(() => createHandler(service, { ...handler, passkeys: 5 } as never), says('passkeys must be true or false'))
  await t.throwsAsync(Countersign.open({ rp, store: memoryStore(), webauthn: { passkeys: 5 } } as never), says('webauthn.passkeys must be true or false'))
  const secret = '32 to 64 secret bytes, as a Uint8Array or base64url text, the same in every process'
  await t.throwsAsync(Countersign.open({ rp, store: memoryStore(), challengeKey: 'short' }), says(`challengeKey must be ${secret}`))
  t.throws(() => auditTo({ append() {}, read() {} } as never, { key: 'short' }), says(`key must be ${secret}`))
})
