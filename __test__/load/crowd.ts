import { Client, type Reply } from '../browser/client.js'
import { Person, type Answer, type Kind } from './person.js'

/** Milliseconds, by what took them. */
export type Times = Record<string, number[]>

/** What a crowd did in the demo, and all that was not as it should be. */
export interface Played {
  persons: Person[]
  /** Sign-ins a second with the password, and step-ups a second, which are the second factor alone; by round. */
  signInsPerSecond: number[]
  stepUpsPerSecond: number[]
  times: Times
  faults: string[]
}

/** How an answer is given: `twice` at the same moment, or by two browsers that both know the password. */
const acts = ['plainly', 'twice', 'after a wrong one', 'in two browsers'] as const
type Act = (typeof acts)[number]

const factors: Kind[][] = [['totp'], ['webauthn'], ['totp', 'recovery'], ['webauthn', 'totp', 'recovery']]

/** Registers people with mixed factors, then lets all of them sign in and step up at once, round after round. */
export async function playCrowd(origin: string, people: number, rounds: number): Promise<Played> {
  const crowd = new Crowd(origin, people)
  await crowd.all('register', (person) => person.register())
  for (let round = 0; round < rounds; round += 1) {
    await crowd.round(round, 'sign-in')
    await crowd.round(round, 'step-up')
  }
  await crowd.checkBooks()
  await crowd.replayAll()
  return crowd
}

class Crowd implements Played {
  readonly persons: Person[]
  readonly signInsPerSecond: number[] = []
  readonly stepUpsPerSecond: number[] = []
  readonly times: Times = {}
  readonly faults: string[] = []

  constructor(origin: string, people: number) {
    const open = () => new WatchedClient({ origin }, (reply) => this.#look(reply))
    const kinds = (index: number) => factors[index % factors.length] as Kind[]
    const person = (index: number) => new Person(`person ${index}`, kinds(index), origin, open)
    this.persons = Array.from({ length: people }, (_, index) => person(index))
  }

  /** Everybody at once; what goes wrong for one stops nobody else. */
  async all(what: string, work: (person: Person, index: number) => Promise<unknown>): Promise<number> {
    const begun = performance.now()
    const done = await Promise.allSettled(this.persons.map(work))
    for (const [index, one] of done.entries()) {
      if (one.status === 'rejected') this.faults.push(`${this.persons[index]?.name}, ${what}: ${String(one.reason)}`)
    }
    return (performance.now() - begun) / 1000
  }

  async round(round: number, phase: 'sign-in' | 'step-up'): Promise<void> {
    const turn = phase === 'sign-in' ? 2 * round : 2 * round + 1
    // Every act meets every kind: two neighbours with the same factors act alike.
    const block = (index: number) => Math.floor(index / factors.length)
    const kindOf = ({ kinds }: Person, index: number) => kinds[(block(index) + turn) % kinds.length] as Kind
    const actOf = (index: number) => acts[((block(index) >> 1) + turn) % acts.length] as Act
    await this.all('wait', (person, index) => person.untilReady(kindOf(person, index)))
    const before = this.#accepted()
    const seconds = await this.all(phase, (person, index) => {
      if (phase === 'sign-in') return this.#signIn(person, kindOf(person, index), actOf(index))
      return this.#prove(person, kindOf(person, index), actOf(index), phase)
    })
    const perSecond = phase === 'sign-in' ? this.signInsPerSecond : this.stepUpsPerSecond
    perSecond.push((this.#accepted() - before) / seconds)
  }

  /** What the server tells of each person is what the person knows. */
  async checkBooks(): Promise<void> {
    await this.all('books', async ({ browser, kinds, usedCodes, failures, totpFailures }) => {
      const told = (await browser.second('GET factors')).body as unknown as Told
      const expected = {
        factors: [...kinds].sort(),
        left: kinds.includes('recovery') ? 10 - usedCodes : null,
        failures: [failures, totpFailures],
      }
      const { recoveryCodesLeft: left, ...counted } = told.status
      const found = {
        factors: told.factors.map(({ type }) => type).sort(),
        left,
        failures: [counted.failures, counted.totpFailures],
      }
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        throw new Error(`${JSON.stringify(found)} in place of ${JSON.stringify(expected)}`)
      }
    })
  }

  /** Nothing that was accepted once is so again, however much later. */
  async replayAll(): Promise<void> {
    await this.all('replay', async (person) => {
      for (const { kind, uses, body } of person.accepted.slice(-6)) {
        const { status } = await person.browser.second('verify', { answer: body })
        if (status !== 403) throw new Error(`${kind} ${uses} again: ${status}`)
      }
    })
  }

  async #signIn(person: Person, kind: Kind, act: Act): Promise<void> {
    const others = act === 'in two browsers' && kind !== 'webauthn' ? [person.open()] : []
    person.browser = person.open()
    const begun = performance.now()
    await Promise.all([person.browser, ...others].map((browser) => person.typePassword(browser)))
    this.#note('password', begun)
    await this.#prove(person, kind, act, 'sign-in', ...others)
    this.#note(`sign-in, ${kind}`, begun)
    const { state } = (await person.browser.get('session')).body
    if (state !== 'verified') throw new Error(`is ${state} after a sign-in`)
  }

  /** A challenge and its answer, which the other browsers send too, or this one once more if it acts so. */
  async #prove(person: Person, kind: Kind, act: Act, phase: string, ...others: Client[]): Promise<void> {
    const { browser } = person
    if (act === 'after a wrong one') {
      const wrong = person.wrongAnswer(kind, await person.challenge())
      const { status } = await browser.second('verify', { answer: wrong })
      if (status !== 403) throw new Error(`a wrong ${kind}: ${status}`)
      person.noteWrong(kind)
    }
    const begun = performance.now()
    const challenge = await person.challenge()
    const answer = person.answer(kind, challenge)
    const senders = act === 'twice' ? [browser, browser] : [browser, ...others]
    const replies = await Promise.all(senders.map((sender) => sender.second('verify', { answer: answer.body })))
    this.#note(`second factor at ${phase}, ${kind}`, begun)
    this.#settle(person, answer, senders, replies)
  }

  /** Exactly one was accepted, and the others refused: with 401 where the accepted one had ended their session. */
  #settle(person: Person, answer: Answer, senders: Client[], replies: Reply[]): void {
    const statuses = replies.map(({ status }) => status)
    const winner = senders[statuses.indexOf(200)]
    if (winner) {
      person.browser = winner
      person.noteAccepted(answer)
    }
    const refused = statuses.filter((status) => status === 403)
    if (answer.kind === 'recovery') refused.forEach(() => person.noteWrong('recovery'))
    const once = statuses.filter((status) => status === 200).length === 1
    if (!once || statuses.some((status) => ![200, 401, 403].includes(status))) {
      throw new Error(`${answer.kind} ${answer.uses}: ${statuses.join(', ')}`)
    }
  }

  #accepted(): number {
    return this.persons.reduce((sum, { accepted }) => sum + accepted.length, 0)
  }

  #note(what: string, begun: number): void {
    ;(this.times[what] ??= []).push(performance.now() - begun)
  }

  #look({ status, body }: Reply): void {
    if (status >= 500 || status === 429) this.faults.push(`${status} ${JSON.stringify(body)}`)
  }
}

class WatchedClient extends Client {
  constructor(
    demo: { origin: string },
    private readonly look: (reply: Reply) => void,
  ) {
    super(demo)
  }

  override async send(...request: Parameters<Client['send']>): Promise<Reply> {
    const reply = await super.send(...request)
    this.look(reply)
    return reply
  }
}

interface Told {
  factors: { type: Kind }[]
  status: { recoveryCodesLeft: number | null; failures: number; totpFailures: number }
}
