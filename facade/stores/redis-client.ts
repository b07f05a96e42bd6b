import { invalid } from '../shared/check.js'

/** What the store needs from a client of `ioredis`. Its `Redis` and `Cluster` have it. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>
}

/** What the store needs from a client of `redis`. Its client and pool have it. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>
}

/** The cluster of `redis`. */
export interface NodeRedisCluster {
  slots: unknown
  sendCommand(firstKey: string, isReadonly: boolean, args: string[]): Promise<unknown>
}

export type RedisClient = IoredisClient | NodeRedisClient | NodeRedisCluster

/** Sends one command to the primary that holds `key`. */
export type Send = (key: string, command: string, ...args: string[]) => Promise<unknown>

/** @internal */
export function redisSender(client: RedisClient): Send {
  // `ioredis` has a `sendCommand` too, which takes something else.
  if (has(client, 'call')) return (_key, command, ...args) => (client as IoredisClient).call(command, ...args)
  if (!has(client, 'sendCommand')) throw invalid('client', 'a client of ioredis or redis')
  if ('slots' in client) return (key, ...args) => client.sendCommand(key, false, args)
  return (_key, ...args) => (client as NodeRedisClient).sendCommand(args)
}

function has(client: unknown, method: string): boolean {
  return typeof (client as Record<string, unknown> | null | undefined)?.[method] === 'function'
}
