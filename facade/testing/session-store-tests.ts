import { randomBytes, randomUUID } from 'node:crypto'

import type { SessionStore, StoredSession } from '../stores/session-store.js'
import { parallel, same } from './store-test.js'
import { knownIds, strangeIds } from './strange-texts.js'

/** One test of a session store; `run` rejects when the store fails it. */
export interface SessionStoreTest {
  name: string
  /** @param makeStore gives the store to test; called once */
  run(makeStore: () => SessionStore | Promise<SessionStore>): Promise<void>
}

/**
 * The tests that every `SessionStore` must pass, for any test runner. Each one uses users of its own and removes their
 * sessions at the end, so all of them may run at once in one database. Two runs of the whole suite may not.
 *
 * @example
 * for (const { name, run } of sessionStoreTests) test(name, () => run(() => mySessions(pool)))
 */
export const sessionStoreTests: SessionStoreTest[] = [
  sessionTest('a session is read as it was stored', async (store, user) => {
    const session = sessionOf(user())
    same(await store.read(session.key), undefined, 'before it is stored')
    await store.create(session)
    same(await store.read(session.key), session, 'the session')
    same(await store.read(sessionOf('x').key), undefined, 'another key')
    for (const key of ['', 'x\0y', '\ud800', session.key.toLowerCase()]) same(await store.read(key), undefined, 'a strange key')
  }),

  sessionTest('data of any kind comes back character by character', async (store, user) => {
    const who = user()
    for (const data of ['{}', '{"a":"ä 🔑 \\u0000"}', ' {"b":1}\n', `{"long":"${'x'.repeat(4000)}"}`, '1:2:3']) {
      const session = { ...sessionOf(who), data }
      await store.create(session)
      same(await store.read(session.key), session, 'the session')
    }
  }),

  sessionTest('replace writes what still has the data of before', async (store, user) => {
    const session = sessionOf(user())
    await store.create(session)
    const next = { ...session, data: '{"next":1}', expires: session.expires + 60_000 }
    same(await store.replace(next, '{"other":1}'), false, 'with other data')
    same(await store.read(session.key), session, 'after the refusal')
    same(await store.replace(next, session.data), true, 'with the data of before')
    same(await store.read(session.key), next, 'after the change')
    same(await store.replace({ ...next, data: '{"late":1}' }, session.data), false, 'with the data of before once more')
    same(await store.read(session.key), next, 'after that')
  }),

  sessionTest('of 20 callers at once exactly one replaces', async (store, user) => {
    for (const session of Array.from({ length: 5 }, () => sessionOf(user()))) {
      await store.create(session)
      const told = await parallel(20, (index) => store.replace({ ...session, data: `{"by":${index}}` }, session.data))
      same(told.filter(Boolean).length, 1, 'how many')
      same((await store.read(session.key))?.data, `{"by":${told.indexOf(true)}}`, 'what is stored')
    }
  }),

  sessionTest('of many calls at once, each gets its own answer', async (store, user) => {
    const users = [user(), user(), user()]
    const sessions = Array.from({ length: 60 }, (_, index) => sessionOf(users[index % 3]!))
    const created = await Promise.all(sessions.map((session) => store.create(session)))
    for (const one of created) same(one === undefined || (one.sessions >= 1 && one.sessions <= 20), true, 'how many the user has')
    const after = await store.create(sessionOf(users[0]!))
    if (after !== undefined) same(after, { sessions: 21 }, 'how many the user has then')
    const unknown = sessionOf(users[0]!)
    const all = [...sessions, unknown]
    same(await Promise.all(all.map(({ key }) => store.read(key))), [...sessions, undefined], 'the sessions')
    // A third as they are, a third as they never were, and a third twice.
    const changes = sessions.flatMap((session, index) => {
      const replace = (data: string) => store.replace({ ...session, data, expires: session.expires + index }, index % 3 === 1 ? '{"other":1}' : session.data)
      return index % 3 === 2 ? [replace('{"one":1}'), replace('{"other":2}')] : [replace('{"next":1}')]
    })
    const told = await Promise.all([...changes, store.replace(unknown, unknown.data)])
    const found = await Promise.all(sessions.map(({ key }) => store.read(key)))
    let at = 0
    for (const [index, session] of sessions.entries()) {
      const [next, twice] = index % 3 === 2 ? [told[at] ? '{"one":1}' : '{"other":2}', told[at + 1]] : ['{"next":1}', undefined]
      if (twice !== undefined) same(told[at] !== twice, true, 'exactly one of two replaces')
      else same(told[at], index % 3 === 0, 'whether it is replaced')
      const expected = index % 3 === 1 ? session : { ...session, data: next, expires: session.expires + index }
      same(found[index], expected, 'the session')
      at += index % 3 === 2 ? 2 : 1
    }
    same(told[at], false, 'a session that is not there')
  }),

  sessionTest('what has ended is not brought back', async (store, user) => {
    const who = user()
    const [one, other] = [sessionOf(who), sessionOf(who)]
    await store.create(one)
    await store.create(other)
    await store.delete(one.key)
    same(await store.replace({ ...one, data: '{"late":1}' }, one.data), false, 'after delete')
    same(await store.read(one.key), undefined, 'the deleted one')
    same(await store.read(other.key), other, 'the other one')
    await store.delete(one.key)
    await store.deleteAll(who)
    same(await store.replace({ ...other, data: '{"late":1}' }, other.data), false, 'after deleteAll')
    same(await store.read(other.key), undefined, 'the other one')
    same(await store.list(who), [], 'the list')
  }),

  sessionTest('a change and an end at the same time end', async (store, user) => {
    for (const end of ['delete', 'deleteAll'] as const) {
      for (let round = 0; round < 10; round += 1) {
        const session = sessionOf(user())
        await store.create(session)
        await Promise.all([
          store.replace({ ...session, data: '{"next":1}' }, session.data),
          store[end](end === 'delete' ? session.key : session.user),
        ])
        same(await store.read(session.key), undefined, end)
      }
    }
  }),

  sessionTest('create, where it says how many sessions the user has, counts them', async (store, user) => {
    const [ann, bob] = [user(), user()]
    for (let count = 1; count <= 3; count += 1) {
      const created = await store.create(sessionOf(ann))
      if (created === undefined) return
      same(created, { sessions: count }, 'what it says')
    }
    same(await store.create(sessionOf(bob)), { sessions: 1 }, 'of another user')
  }),

  sessionTest('the sessions of a user are listed, and nobody else’s', async (store, user) => {
    const [ann, bob] = [user(), user()]
    const [one, two, three] = [sessionOf(ann), sessionOf(ann), sessionOf(bob)]
    for (const session of [one, two, three]) await store.create(session)
    same(sorted(await store.list(ann)), sorted([one, two]), 'of ann')
    same(await store.list(bob), [three], 'of bob')
    same(await store.list(user()), [], 'of a user without sessions')
    const next = { ...two, data: '{"next":1}' }
    await store.replace(next, two.data)
    same(sorted(await store.list(ann)), sorted([one, next]), 'after a change')
  }),

  sessionTest('all but one are ended', async (store, user) => {
    const [ann, bob] = [user(), user()]
    const [kept, ...ended] = [sessionOf(ann), sessionOf(ann), sessionOf(ann)] as const
    const other = sessionOf(bob)
    for (const session of [kept, ...ended, other]) await store.create(session)
    await store.deleteAll(ann, kept.key)
    same(await store.list(ann), [kept], 'what is left')
    for (const { key } of ended) same(await store.read(key), undefined, 'an ended one')
    same(await store.read(kept.key), kept, 'the one that is left')
    same(await store.read(other.key), other, "another user's")
    // The key of another user's session keeps nothing.
    await store.deleteAll(ann, other.key)
    same(await store.list(ann), [], 'what is left then')
    same(await store.read(other.key), other, "another user's, after that")
  }),

  sessionTest('users whose ids look alike have sessions of their own', async (store, user) => {
    const users = [...strangeIds.map((decorate) => decorate(randomUUID())), ...knownIds].map((id) => user(id))
    const sessions = users.map((id) => sessionOf(id))
    for (const session of sessions) await store.create(session)
    for (const session of sessions) same(await store.list(session.user), [session], `of ${JSON.stringify(session.user)}`)
    await store.deleteAll(users[0] as string)
    for (const session of sessions.slice(1)) same(await store.list(session.user), [session], 'after the end of another')
  }),

  sessionTest('an expired session does not take others with it', async (store, user) => {
    const who = user()
    const old = { ...sessionOf(who), expires: Date.now() - 1000 }
    await store.create(old)
    const fresh = Array.from({ length: 20 }, () => sessionOf(who))
    for (const session of fresh) await store.create(session)
    const left = (await store.list(who)).filter(({ key }) => key !== old.key)
    same(sorted(left), sorted(fresh), 'the others')
  }),
]

function sessionTest(
  name: string,
  body: (store: SessionStore, user: (known?: string) => string) => Promise<void>,
): SessionStoreTest {
  return {
    name,
    async run(makeStore) {
      const store = await makeStore()
      const users: string[] = []
      try {
        await body(store, (known = randomUUID()) => {
          users.push(known)
          return known
        })
      } finally {
        for (const user of users) await store.deleteAll(user)
      }
    },
  }
}

function sessionOf(user: string): StoredSession {
  const key = randomBytes(32).toString('base64url')
  return { key, user, data: `{"of":"${key.slice(0, 8)}"}`, expires: Date.now() + 600_000 }
}

function sorted(sessions: StoredSession[]): StoredSession[] {
  return sessions.toSorted((one, other) => (one.key < other.key ? -1 : 1))
}
