import { randomUUID } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import type { PasswordHash } from './password.js'

export interface Account {
  /** The user id for the service. It stays the same if the name changes. */
  id: string
  name: string
  password: PasswordHash
  /** Whether this account has factors. If their store is lost, the password alone still isn't enough. */
  enrolled: boolean
}

export interface Accounts {
  byId(id: string): Account | undefined
  byName(name: string): Account | undefined
  /** Resolves with undefined if the name is taken. */
  create(name: string, password: PasswordHash): Promise<Account | undefined>
  setEnrolled(id: string, enrolled: boolean): Promise<void>
  remove(id: string): Promise<void>
}

/** Opens the accounts, one JSON file. It is read once, and each change replaces it. For one process only. */
export async function openAccounts(path: string): Promise<Accounts> {
  const list = await load(path)
  const ids = new Map(list.map((account) => [account.id, account]))
  const names = new Map(list.map((account) => [folded(account.name), account]))
  let writing: Promise<void> = Promise.resolve()

  function save(): Promise<void> {
    const next = writing.then(() => replace(path, JSON.stringify([...ids.values()], null, 2)))
    writing = next.catch(() => undefined)
    return next
  }

  return {
    byId: (id) => ids.get(id),
    byName: (name) => names.get(folded(name)),
    async create(name, password) {
      if (names.has(folded(name))) return undefined
      const account = { id: randomUUID(), name, password, enrolled: false }
      ids.set(account.id, account)
      names.set(folded(name), account)
      await save()
      return account
    },
    async setEnrolled(id, enrolled) {
      const account = ids.get(id)
      if (!account || account.enrolled === enrolled) return
      account.enrolled = enrolled
      await save()
    },
    async remove(id) {
      const account = ids.get(id)
      if (!account) return
      ids.delete(id)
      names.delete(folded(account.name))
      await save()
    },
  }
}

/** Two names that look the same belong to the same account. */
export function folded(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}

async function load(path: string): Promise<Account[]> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Account[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function replace(path: string, content: string): Promise<void> {
  const file = await open(`${path}.tmp`, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.tmp`, path)
}
