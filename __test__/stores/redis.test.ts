import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'

import { isCountersignError } from '../../facade/shared/errors.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import type { RedisClient } from '../../facade/stores/redis-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { deleteKeys, newRedis, own, redisFound } from './engines.js'
import { serverFound, startRedis } from './redis-server.js'

const redis = redisFound ? test : test.skip
const ownServer = redisFound && serverFound ? test : test.skip
const challenge = () => ({ id: 'one', purpose: 'sign-in', data: 'data', expires: Date.now() + 60_000 })

let client: Redis
let store: Store

if (redisFound) {
  test.before(() => {
    client = newRedis()
    store = redisStore(client, { prefix: own })
  })
  test.after.always(async () => {
    await deleteKeys(own)
    client.disconnect()
  })
}

redis('a claim stays while several processes take it for one user at once', async (t) => {
  const stores = [store, redisStore(client, { prefix: own }), redisStore(client, { prefix: own })]
  for (let round = 0; round < 20; round += 1) {
    const [ann, eve, wanted, taken] = ['ann', 'eve', 'claim:wanted', 'claim:taken'].map((name) => `${name}_${round}`)
    await store.update(eve!, () => ({ record: 'eve', claims: [taken!], value: undefined }))
    await Promise.allSettled(
      stores.map((one, index) => {
        // The last one has to give back what it has taken.
        const claims = index === 2 ? [wanted!, taken!] : [wanted!]
        return one.update(ann!, (record) => ({ record: `${record} and ${index}`, claims, value: undefined }))
      }),
    )
    t.regex((await store.read(ann!))!, /0.*1|1.*0/)
    t.is(await store.owner(wanted!), ann)
    const stolen = store.update(eve!, () => ({ record: 'eve', claims: [taken!, wanted!], value: undefined }))
    await t.throwsAsync(stolen, { code: 'claim-taken' })
  }
})

redis('options and texts are checked', async (t) => {
  for (const options of [{ prefix: '' }, { prefix: 'a{b}' }, { prefixes: 'x' }, { allowEviction: 1 }]) {
    t.true(isCountersignError(t.throws(() => redisStore(client, options as object)), 'invalid-argument'))
  }
  t.throws(() => redisStore({} as RedisClient), { message: 'Invalid argument: client must be a client of ioredis or redis' })
  t.throws(() => redisStore(undefined as unknown as RedisClient), { message: 'Invalid argument: client must be a client of ioredis or redis' })
  const bad = '\ud800'
  await t.throwsAsync(store.read(bad), { message: 'Invalid argument: user must be well-formed text' })
  await t.throwsAsync(store.update('a', () => ({ record: bad, value: 0 })), { message: 'Invalid argument: record must be well-formed text' })
  const badHandle = store.update('a', () => ({ record: '{}', handle: bad, value: 0 }))
  await t.throwsAsync(badHandle, { message: 'Invalid argument: handle must be well-formed text' })
  await t.throwsAsync(store.put('a', { ...challenge(), id: bad }), { message: 'Invalid argument: id must be well-formed text' })
  t.is(await store.take('a', bad, Date.now()), undefined)
  t.is(await store.owner(bad), undefined)
  t.is(await store.read('a'), undefined)
})

redis('NUL, braces and colons are text as any other', async (t) => {
  const users = ['a\0b', '{a}:b', 'a:{b}', '}{', 'a:b:record', '{00}']
  for (const user of users) {
    await store.update(user, () => ({ record: JSON.stringify(user), handle: `h${user}`, value: 0 }))
  }
  for (const user of users) {
    t.is(await store.read(user), JSON.stringify(user))
    t.is(await store.owner(`h${user}`), user)
  }
  await store.put('a:b', { ...challenge(), id: 'c' })
  t.is(await store.take('a', 'b:c', Date.now()), undefined)
  t.is(await store.take('a:b', 'c', Date.now()), 'data')
})

redis('every challenge has an expiry of its own, by the clock of the server', async (t) => {
  await store.put('skewed', { ...challenge(), id: 'long', expires: Date.now() + 900_000 })
  await store.put('skewed', challenge())
  const keys = await client.keys(`${own}{*skewed*`)
  t.is(keys.length, 3)
  for (const key of keys) t.true((await client.pttl(key)) > 50_000, key)
  const list = keys.find((key) => key.includes(':open:')) as string
  t.true((await client.pttl(list)) > 890_000, 'the list lives as long as the last of them')
  await store.put('skewed', { ...challenge(), id: 'gone', expires: Date.now() - 60_000 })
  const slow = Date.now() - 3_600_000
  t.is(await store.take('skewed', 'gone', slow), undefined, 'a slow host gets no expired challenge')
  t.is(await store.take('skewed', 'one', Date.now() + 3_600_000), undefined, 'nor a fast one')
  t.is(await store.take('skewed', 'long', slow), 'data')
  await store.clear('skewed')
  t.deepEqual(await client.keys(`${own}{*skewed*`), [])
})

redis('what is put and taken leaves nothing behind', async (t) => {
  for (let index = 0; index < 100; index += 1) {
    await store.put('tidy', { ...challenge(), id: `c${index}` })
    await store.take('tidy', `c${index}`, Date.now())
  }
  const [list] = await client.keys(`${own}{*:open:tidy`)
  t.is(await client.llen(list as string), 1)
})

redis('a record that others change at every attempt: a typed error, and nothing half written', async (t) => {
  await store.update('busy', () => ({ record: '{"n":0}', handle: 'h of busy', value: 0 }))
  let others = 0
  let runs = 0
  const contended = sending(async (args) => {
    if (!args[1]?.includes('HSET')) return
    others += 1
    await client.hset(args[3] as string, { version: `v${others}`, record: `{"n":${others}}` })
  })
  const error = await t.throwsAsync(
    contended.update('busy', (before) => {
      t.is(before, `{"n":${runs}}`)
      runs += 1
      return { record: '{"mine":true}', handle: 'h of mine', value: 0 }
    }),
  )
  t.true(isCountersignError(error, 'store-busy'))
  t.deepEqual([runs, others], [40, 40])
  t.is(await store.read('busy'), '{"n":40}')
  t.deepEqual([await store.owner('h of busy'), await store.owner('h of mine')], ['busy', undefined])
  t.is(await store.update('busy', (before) => ({ record: '{}', value: before })), '{"n":40}')
})

redis('a command that the client sends again after a lost connection is done once', async (t) => {
  const twice = sending(async (args) => {
    if (args[0] === 'EVAL') await client.call(...(args as [string, ...string[]]))
  })
  let runs = 0
  for (let n = 1; n <= 5; n += 1) {
    await twice.update('again', (before) => ({ record: `${(runs += 1)}`, handle: 'h of again', value: before }))
  }
  t.deepEqual([runs, await store.read('again')], [5, '5'])
  await twice.put('again', challenge())
  await twice.put('again', { ...challenge(), id: 'two' })
  t.is(await twice.take('again', 'one', Date.now()), 'data')
  await twice.update('again', () => ({ record: null, value: 0 }))
  t.is(await store.read('again'), undefined)
  t.is(await store.owner('h of again'), undefined)
})

redis('a handle that a crash left behind leads nowhere', async (t) => {
  await store.update('crashed', () => ({ record: '{}', handle: 'h1', value: 0 }))
  const interrupted = sending(async (args) => {
    if (args[1]?.includes('HSET')) throw new Error('connection lost')
  })
  const update = interrupted.update('crashed', () => ({ record: '{"n":1}', handle: 'h2', value: 0 }))
  await t.throwsAsync(update, { message: 'connection lost' })
  t.deepEqual([await store.owner('h1'), await store.owner('h2')], ['crashed', undefined])
  await store.update('heir', () => ({ record: '{}', handle: 'h2', value: 0 }))
  t.is(await store.owner('h2'), 'heir')
})

redis('what the server refuses comes out as it is', async (t) => {
  const texts = [
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'MOVED 1234 127.0.0.1:1',
  ]
  for (const text of texts) {
    const server = createServer((socket) => socket.on('data', () => socket.write(`-${text}\r\n`)).on('error', () => {}))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const refused = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, protocol: 2 } as object)
    refused.on('error', () => {})
    const its = redisStore(refused)
    let runs = 0
    const works: (() => Promise<unknown>)[] = [
      () => its.read('ann'),
      () => its.update('ann', () => ({ record: '{}', value: (runs += 1) })),
      () => its.put('ann', challenge()),
      () => its.take('ann', 'one', Date.now()),
      () => its.clear('ann'),
      () => its.owner('h'),
    ]
    for (const work of works) await t.throwsAsync(work(), { message: new RegExp(text.split(' ')[0] as string) })
    t.is(runs, 0)
    refused.disconnect()
    server.close()
  }
})

ownServer('records are not kept where they would be evicted, unless the host insists', async (t) => {
  const server = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru')
  const evicting = newRedis(server.url)
  try {
    const its = redisStore(evicting)
    for (const work of [its.read('ann'), its.update('ann', () => ({ record: '{}', value: 0 }))]) {
      const error = await t.throwsAsync(work)
      t.true(isCountersignError(error, 'store-refused'))
      t.regex(error?.message ?? '', /its maxmemory-policy is allkeys-lru$/)
    }
    await its.put('ann', challenge())
    t.is(await its.take('ann', 'one', Date.now()), 'data', 'challenges may go')
    await redisStore(evicting, { allowEviction: true }).update('ann', () => ({ record: '{}', value: 0 }))
    await evicting.config('SET', 'maxmemory-policy', 'volatile-lru')
    t.is(await its.read('ann'), '{}', 'a record has no expiry')
    await evicting.acl('SETUSER', 'narrow', 'on', '>secret', '~*', '+@all', '-info')
    const narrow = newRedis(server.url.replace('//', '//narrow:secret@'))
    const error = await t.throwsAsync(redisStore(narrow).read('ann'))
    t.true(isCountersignError(error, 'store-refused'))
    t.is(await redisStore(narrow, { allowEviction: true }).read('ann'), '{}')
    narrow.disconnect()
  } finally {
    evicting.disconnect()
    await server.stop()
  }
})

ownServer('a server that is full refuses, and keeps what it has', async (t) => {
  const server = await startRedis('--maxmemory', '3mb')
  const full = newRedis(server.url)
  try {
    const its = redisStore(full)
    const big = JSON.stringify('x'.repeat(200_000))
    let kept = 0
    const filling = async () => {
      for (;; kept += 1) await its.update(`user ${kept}`, () => ({ record: big, handle: `h${kept}`, value: 0 }))
    }
    await t.throwsAsync(filling(), { message: /OOM/ })
    t.true(kept > 1)
    for (let index = 0; index < kept; index += 1) t.is(await its.read(`user ${index}`), big)
    t.is(await its.read(`user ${kept}`), undefined)
    t.is(await its.owner(`h${kept}`), undefined)
    await its.update('user 0', () => ({ record: null, value: 0 }))
    await its.update(`user ${kept}`, () => ({ record: '{}', value: 0 }))
  } finally {
    full.disconnect()
    await server.stop()
  }
})

ownServer('a cluster: the whole suite, through both clients', async (t) => {
  const server = await startRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
  const node = newRedis(server.url)
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  while (!String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await pause(50)
  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }])
  const nodeCluster = createCluster({ rootNodes: [{ url: server.url }] })
  nodeCluster.on('error', () => {})
  await nodeCluster.connect()
  try {
    const makers = {
      ioredis: () => redisStore(cluster, { prefix: 'io' }),
      'node-redis': () => redisStore(nodeCluster, { prefix: 'node' }),
    }
    for (const [kind, make] of Object.entries(makers)) {
      for (const { name, run } of storeTests) await t.notThrowsAsync(run(make), `${kind}: ${name}`)
    }
  } finally {
    node.disconnect()
    cluster.disconnect()
    nodeCluster.destroy()
    await server.stop()
  }
})

ownServer('RESP 3', async (t) => {
  const server = await startRedis()
  const resp3 = createClient({ url: server.url, RESP: 3 })
  resp3.on('error', () => {})
  await resp3.connect()
  try {
    for (const { name, run } of storeTests) await t.notThrowsAsync(run(() => redisStore(resp3)), name)
  } finally {
    resp3.destroy()
    await server.stop()
  }
})

/** A store over the test's client that lets `before` see, delay and refuse every command. */
function sending(before: (args: string[]) => Promise<void>): Store {
  return redisStore(
    {
      async call(...args: [string, ...string[]]) {
        await before(args)
        return client.call(...args)
      },
    },
    { prefix: own },
  )
}
