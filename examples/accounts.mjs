// The host's own accounts, with a password each. A real host has them in its database.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

// Off the main thread: 64 ms of everybody's time else, for each password that anybody sends.
const derive = (password, salt) => promisify(scrypt)(password, salt, 32, { N: 2 ** 15, maxmem: 2 ** 26 })

const accounts = await Promise.all([
  account({ id: '7d0f', name: 'ann', password: 'correct horse battery' }),
  account({ id: '1c2e', name: 'bob', password: 'purple monkey dishwasher' }),
  account({ id: '9a41', name: 'root', password: 'only for the examples', admin: true }),
])

export const accountById = (id) => accounts.find((one) => one.id === id)

/** The account, or undefined; it takes as long for a name that nobody has. */
export async function checkPassword(name, password) {
  if (typeof name !== 'string' || typeof password !== 'string') return undefined
  const found = accounts.find((one) => one.name === name)
  const { salt, hash } = found ?? nobody
  const right = timingSafeEqual(await derive(password, salt), hash)
  return right && found !== undefined ? found : undefined
}

/** Whether it has factors: were their store lost, this keeps the password alone from being enough. */
export function setEnrolled(id, enrolled) {
  accountById(id).enrolled = enrolled
}

async function account({ password, admin = false, ...rest }) {
  const salt = randomBytes(16)
  return { ...rest, admin, enrolled: false, salt, hash: await derive(password, salt) }
}

const nobody = { salt: randomBytes(16), hash: randomBytes(32) }
