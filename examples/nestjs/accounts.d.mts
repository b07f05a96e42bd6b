// Types of ../accounts.mjs, the accounts of all examples.
interface Account {
  id: string
  name: string
  enrolled: boolean
  admin: boolean
}

export function accountById(id: string): Account | undefined
export function checkPassword(name: unknown, password: unknown): Promise<Account | undefined>
export function setEnrolled(id: string, enrolled: boolean): void
