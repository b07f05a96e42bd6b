import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

// 32 MiB and three passes, as OWASP recommends for scrypt.
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 }
// One less than the threads of the pool. Otherwise reading files would have to wait until all passwords are checked.
const AT_ONCE = 3

export const PASSWORD_LENGTH = { least: 8, most: 256 }

export interface PasswordHash {
  salt: string
  hash: string
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt)
  return { salt: salt.toString('base64url'), hash: hash.toString('base64url') }
}

/** Resolves with whether the password is right. Takes as long without an account, so the time doesn't show which names exist. */
export async function checkPassword(password: string, stored: PasswordHash | undefined): Promise<boolean> {
  const salt = stored ? Buffer.from(stored.salt, 'base64url') : Buffer.alloc(16)
  const hash = await derive(password, salt)
  return stored !== undefined && timingSafeEqual(hash, Buffer.from(stored.hash, 'base64url'))
}

let running = 0
const waiting: (() => void)[] = []

/** Derives the keys in the order of the calls, at most `AT_ONCE` at a time. */
async function derive(password: string, salt: Buffer): Promise<Buffer> {
  if (running < AT_ONCE) running += 1
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await scryptKey(password.normalize('NFKC'), salt)
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}

function scryptKey(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, COST, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
