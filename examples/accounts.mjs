// The server's own accounts, each with a password. A real server keeps them in its database.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

// Asynchronous: the synchronous call would block every other request for 64 ms.
const derive = (password, salt) => promisify(scrypt)(password, salt, 32, { N: 2 ** 15, maxmem: 2 ** 26 })

const accounts = await Promise.all([
  account({ id: '7d0f', name: 'ann', password: 'correct horse battery' }),
  account({ id: '1c2e', name: 'bob', password: 'purple monkey dishwasher' }),
  account({ id: '9a41', name: 'root', password: 'only for the examples', admin: true }),
])

export const accountById = (id) => accounts.find((one) => one.id === id)

/** Returns the account, or undefined. An unknown name takes as long as a known one, so nobody can find out which names exist. */
export async function checkPassword(name, password) {
  if (typeof name !== 'string' || typeof password !== 'string') return undefined
  const found = accounts.find((one) => one.name === name)
  const { salt, hash } = found ?? nobody
  const right = timingSafeEqual(await derive(password, salt), hash)
  return right && found !== undefined ? found : undefined
}

/** Stores whether the account has factors. If their store is lost, the password alone still isn't enough. */
export function setEnrolled(id, enrolled) {
  accountById(id).enrolled = enrolled
}

async function account({ password, admin = false, ...rest }) {
  const salt = randomBytes(16)
  return { ...rest, admin, enrolled: false, salt, hash: await derive(password, salt) }
}

const nobody = { salt: randomBytes(16), hash: randomBytes(32) }
