// Redis on several nodes: a cluster of three, and what a failover to a replica loses.
import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'
import { Cluster } from 'ioredis'
import type { Redis } from 'ioredis'
import { createCluster } from 'redis'

import { isCountersignError } from '../../facade/shared/errors.js'
import { redisSessions, redisStore } from '../../facade/stores/redis-store.js'
import type { IoredisClient } from '../../facade/stores/redis-store.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { sessionStoreTests } from '../../facade/testing/session-store-tests.js'
import { rejection } from '../../facade/testing/store-test.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture } from '../helpers/service.js'
import { newRedis } from './engines.js'
import { serverFound, startRedis } from './redis-server.js'
import type { RedisServer } from './redis-server.js'

// One after the other: each starts servers on ports that were free a moment before.
const withServers = serverFound ? test.serial : test.skip

withServers('a cluster of three nodes: every suite, through both clients, and each node has a part of the keys', async (t) => {
  const servers = await Promise.all([0, 1, 2].map(() => startRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')))
  const nodes = servers.map(({ url }) => newRedis(url))
  const [first] = servers as [RedisServer]
  for (const [index, node] of nodes.entries()) {
    await node.call('CLUSTER', 'ADDSLOTSRANGE', String(Math.ceil((index * 16384) / 3)), String(Math.ceil(((index + 1) * 16384) / 3) - 1))
    await node.call('CLUSTER', 'MEET', '127.0.0.1', String(first.port))
  }
  const joined = async (node: Redis) => /cluster_state:ok[^]*cluster_known_nodes:3/.test(String(await node.call('CLUSTER', 'INFO')))
  for (const node of nodes) while (!(await joined(node))) await pause(50)
  const cluster = new Cluster(servers.map(({ port }) => ({ host: '127.0.0.1', port })))
  const nodeCluster = createCluster({ rootNodes: servers.map(({ url }) => ({ url })) })
  nodeCluster.on('error', () => {})
  await nodeCluster.connect()
  try {
    for (const [kind, client] of Object.entries({ io: cluster, node: nodeCluster })) {
      const make = () => redisStore(client, { prefix: kind })
      for (const { name, run } of [...storeTests, ...hostTests]) await t.notThrowsAsync(run(make), `${kind}: ${name}`)
      for (const { name, run } of sessionStoreTests) await t.notThrowsAsync(run(() => redisSessions(client, { prefix: kind })), `${kind}: ${name}`)
    }
    const store = redisStore(cluster)
    const users = Array.from({ length: 300 }, (_, index) => `user ${index}`)
    await Promise.all(users.map((user) => store.update(user, () => ({ record: '{}', handle: `handle of ${user}`, claims: [`c:${user}`.replace(' ', '-')], value: 0 }))))
    for (const node of nodes) {
      const records = await node.keys('countersign{*}:record:*')
      t.true(records.length > 50, `${records.length}`)
    }
    const found: string[] = []
    for await (const user of store.users()) found.push(user)
    t.deepEqual(found.toSorted(), users.toSorted())
    t.is(await store.owner('handle of user 7'), 'user 7')
  } finally {
    for (const node of nodes) node.disconnect()
    cluster.disconnect()
    nodeCluster.destroy()
    await Promise.all(servers.map((server) => server.stop()))
  }
})

withServers('a failover to a replica that is behind loses what it does not have; WAIT lets nobody in by it', async (t) => {
  const [primary, replica] = await Promise.all([startRedis('--repl-diskless-sync-delay', '0'), startRedis()])
  const [client, second] = [newRedis(primary.url), newRedis(replica.url)]
  try {
    await second.call('REPLICAOF', '127.0.0.1', String(primary.port))
    while (!(await client.info('replication')).includes('state=online')) await pause(20)
    // Long enough for a busy machine, as long as there is a replica that will answer.
    const patience = { milliseconds: 30_000 }
    const fixture = await Fixture.open(redisStore(waiting(client, patience)))
    const { uri } = await fixture.enrolTotp('ann')
    t.is(await client.wait(1, 5000), 1)
    fixture.step()
    // The replica is cut off.
    patience.milliseconds = 500
    await second.call('REPLICAOF', '127.0.0.1', '1')
    while ((await client.info('replication')).includes('connected_slaves:1')) await pause(20)

    const plain = await fixture.another({ store: redisStore(client) })
    const code = totpAt(uri, fixture.now)
    t.true((await plain.verify('ann', { type: 'totp', code })).ok)
    t.false((await plain.verify('ann', { type: 'totp', code })).ok)
    const later = totpAt(uri, fixture.now + 30_000)
    const refused = await rejection(() => fixture.service.verify('ann', { type: 'totp', code: later }))
    t.true(isCountersignError(refused, 'store-failed'))
    t.like((refused as Error).cause, { message: 'no replica has confirmed' })

    await client.call('CONFIG', 'SET', 'min-replicas-to-write', '1')
    const refusing = await rejection(() => plain.verify('ann', { type: 'totp', code: totpAt(uri, fixture.now + 60_000) }))
    t.true(isCountersignError(refusing, 'store-failed'))
    t.regex(String((refusing as { cause?: Error }).cause?.message), /NOREPLICAS/)

    await second.call('REPLICAOF', 'NO', 'ONE')
    const promoted = await fixture.another({ store: redisStore(second) })
    t.true((await promoted.verify('ann', { type: 'totp', code })).ok, 'a code that was used before the failover')
  } finally {
    client.disconnect()
    second.disconnect()
    await Promise.all([primary.stop(), replica.stop()])
  }
})

/** As docs/scale.md has it. */
function waiting(client: Redis, patience: { milliseconds: number }): IoredisClient {
  return {
    async call(command, ...args) {
      const [answer, confirmed] = await Promise.all([client.call(command, ...args), client.wait(1, patience.milliseconds)])
      if (confirmed < 1) throw new Error('no replica has confirmed')
      return answer
    },
  }
}
