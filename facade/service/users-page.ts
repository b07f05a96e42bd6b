import { integer, object, optional, text } from '../shared/check.js'
import { isKeyCounter } from '../shared/key-counter.js'
import type { Context } from './context.js'
import { fromStore } from './context.js'
import type { UsersPageOptions } from './options.js'
import type { UsersPage } from './outcome.js'

const checkOptions = object<UsersPageOptions>({ after: optional(text(256)), limit: optional(integer(1, 1000)) })

/** One page, and one user more, who says whether another page follows. */
export async function usersPage(context: Context, options: UsersPageOptions): Promise<UsersPage> {
  const { after = '', limit = 100 } = checkOptions(options, '')
  const { users: store } = context.settings
  const found = store.usersAfter
    ? await first(limit + 1, each(() => store.usersAfter!(after)))
    : await lowest(limit + 1, each(() => store.users()), after)
  const users = found.slice(0, limit)
  return { users, next: found.length > limit ? (users.at(-1) ?? null) : null }
}

/** Every user whom the store names, without the counters of keys that it keeps beside them, with whatever it throws as one error. */
export async function* each(list: () => AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const name of everyRecord(list)) if (!isKeyCounter(name)) yield name
}

/** The same with these counters. */
export async function* everyRecord(list: () => AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  const iterator = await fromStore(() => list()[Symbol.asyncIterator]())
  try {
    for (;;) {
      const next = await fromStore(() => iterator.next())
      if (next.done) return
      yield next.value
    }
  } finally {
    await fromStore(() => iterator.return?.())
  }
}

async function first(count: number, users: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const user of users) if (found.push(user) === count) break
  return found
}

/** A store that has no order to seek in is read whole, but never kept whole: the ids themselves give the order. */
async function lowest(count: number, users: AsyncIterable<string>, after: string): Promise<string[]> {
  const found: string[] = []
  for await (const user of users) {
    const last = found.length === count ? found.at(-1) : undefined
    if (user <= after || (last !== undefined && user >= last)) continue
    found.splice(placeOf(user, found), 0, user)
    if (found.length > count) found.pop()
  }
  return found
}

/** How many of the sorted texts come before this one. */
function placeOf(user: string, sorted: string[]): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (sorted[middle]! < user) from = middle + 1
    else to = middle
  }
  return from
}
