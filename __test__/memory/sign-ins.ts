// Signs in over and over and watches the resident size: `node --expose-gc build/__test__/memory/sign-ins.js [count]`.
// Fails when it goes on growing after a warm-up.
import { memoryStore } from '../../facade/stores/index.js'
import type { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { TfaConfig } from '../../index.js'
import { Fixture, wrongCode } from '../helpers/service.js'

const people = 200
const samples = 50
/** The part of the run that is not looked at: heaps and caches find their size. */
const warmUp = 0.3
/** What the line through the samples may climb after that, in MiB, however long the run. */
const bound = 3

const count = Number(process.argv[2] ?? 100_000)
if (!Number.isSafeInteger(count) || count < 1000) throw new Error('a number of sign-ins, 1,000 or more')
const collect = globalThis.gc
if (!collect) throw new Error('run it with --expose-gc')

interface Person {
  user: string
  uri: string
  key: TestAuthenticator
}

const fixture = await Fixture.open(memoryStore())
const persons: Person[] = []
const config = TfaConfig.create({ now: () => fixture.now })
for (let index = 0; index < people; index++) {
  const user = `user ${index}`
  const { uri } = await fixture.enrolTotp(user)
  const { key } = await fixture.enrolKey(user)
  persons.push({ user, uri, key })
  config.setUserData(user, JSON.stringify({ totp: [{ id: 'phone', created: 1, entry: uri }] }))
}

/** Ways to sign in, some of which end badly; each says whether it went as it should. */
const ways: ((person: Person) => Promise<boolean>)[] = [
  async ({ user, uri }) => (await verify(user, { type: 'totp', code: totpAt(uri, fixture.now) })).ok,
  async ({ user, key }) => (await verify(user, await fixture.assertion(user, key))).ok,
  async ({ user, uri }) => !(await verify(user, { type: 'totp', code: wrongCode(uri, fixture.now) })).ok,
  async ({ user, key }) => {
    const { response } = await fixture.assertion(user, key)
    const outcome = await verify(user, { type: 'webauthn', response: { ...response, type: 'password' } })
    return !outcome.ok && outcome.reason === 'malformed'
  },
  // Begun and never finished.
  async ({ user }) => (await fixture.service.challenge(user)) !== null,
  async ({ user, uri }) => (await config.clone().verify(user, `totp:${totpAt(uri, fixture.now)}`)).result,
]

const sizes: number[] = []
const begun = performance.now()
for (let done = 0; done < count; done++) {
  const turn = Math.floor(done / people)
  // Each turn is a step later, so that no code is used twice, and each person gets to every way.
  if (done % people === 0) {
    fixture.step()
    fixture.events.length = 0
  }
  const way = (done + turn) % 11
  // Most of them go well.
  const worked = await ways[way < 7 ? way % 2 : way - 5]!(persons[done % people]!)
  if (!worked) throw new Error(`sign-in ${done} of way ${way} went wrong`)
  if ((done + 1) % Math.floor(count / samples) === 0) sizes.push(await resident())
}
const seconds = (performance.now() - begun) / 1000

const steady = sizes.slice(Math.floor(sizes.length * warmUp))
const growth = slope(steady) * (steady.length - 1)
const mib = (size: number) => size.toFixed(1)
console.log(`${count} sign-ins in ${Math.round(seconds)} s; resident: ${mib(sizes[0]!)} MiB at first, ` +
  `${mib(steady[0]!)} after the warm-up, ${mib(steady.at(-1)!)} at the end; the line through it climbs ${mib(growth)} MiB`)
if (growth > bound) {
  console.error(`it may climb ${bound} MiB: ${steady.map(mib).join(' ')}`)
  process.exitCode = 1
}

async function verify(user: string, answer: unknown) {
  return fixture.service.verify(user, answer)
}

/** In MiB, without what waits to be collected. */
async function resident(): Promise<number> {
  for (let time = 0; time < 2; time++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect!()
  }
  return process.memoryUsage.rss() / 2 ** 20
}

/** Of the line of least squares, by sample. */
function slope(values: number[]): number {
  const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const middle = mean(values.map((_, index) => index))
  const level = mean(values)
  const pairs = values.map((value, index) => [index - middle, value - level] as const)
  return pairs.reduce((sum, [x, y]) => sum + x * y, 0) / pairs.reduce((sum, [x]) => sum + x * x, 0)
}
