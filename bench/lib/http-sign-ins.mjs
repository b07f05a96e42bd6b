import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'

import { totpAt } from 'countersign/testing'

import { credentialIdOf, handleOf, nameOf, origin } from './population.mjs'

/** Sends second factors over HTTP to a server in its own process. */
export class HttpSignIns {
  #child
  #failed
  #port
  #agent
  #ahead = 0
  #turn = 0
  #users
  #one
  #flow

  /**
   * @param server `{ program, args, node?, flow }`: a module beside this one that is started with `args` and the number of users,
   *   and what a client does there
   * @param one what `enrolOne` has made: all users have the same app and key
   */
  constructor({ program, args, node = process.execPath, flow }, one, { users = 512, inFlight = 32 } = {}) {
    this.#users = users
    this.#one = one
    this.#flow = flow
    this.inFlight = inFlight
    this.#agent = new Agent({ keepAlive: true, maxSockets: inFlight })
    const file = fileURLToPath(new URL(program, import.meta.url))
    this.#child = spawn(node, [file, ...args, String(users)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#failed = once(this.#child, 'exit').then(() => { throw new Error(`${args.join(' ')}: the server has ended`) })
    this.#failed.catch(() => {})
    // Its key stays here.
    const { uri, template, publicKey, credentialId } = one
    this.ready = this.#ask({ one: { uri, template, publicKey, credentialId } }).then(({ port }) => (this.#port = port))
  }

  /** @returns the server's CPU time for `count` second factors, in nanoseconds */
  async cpu(way, count) {
    const before = (await this.#ask({ forget: true })).cpu
    await this.run(way, count)
    const after = (await this.#ask({})).cpu
    return (after.user + after.system - before.user - before.system) * 1000
  }

  /** @returns nanoseconds from the first request to the last answer */
  async time(way, count) {
    await this.#ask({ forget: true })
    const begun = process.hrtime.bigint()
    await this.run(way, count)
    return Number(process.hrtime.bigint() - begun)
  }

  /** @returns how often the server asked its database, for one of these */
  async trips(way, count) {
    const before = (await this.#ask({})).trips
    await this.run(way, count)
    return ((await this.#ask({})).trips - before) / count
  }

  async run(way, count) {
    for (let left = count; left > 0; left -= this.#users) {
      // A code can be used once. So all users take turns, and then the clock moves on by a step.
      this.#ahead += 30_000
      await this.#ask({ ahead: 30_000 })
      let next = Math.min(left, this.#users)
      const worker = async () => {
        while (next > 0) {
          next -= 1
          this.#turn += 1
          await this.#flow[way](new Visit(this.#turn % this.#users, this.#turn, this))
        }
      }
      await Promise.all(Array.from({ length: this.inFlight }, worker))
    }
  }

  /** The code of the server's time, or of the true one, for a server that asks the system. */
  code({ ahead = true } = {}) {
    return totpAt(this.#flow.uri ?? this.#one.uri, Date.now() + (ahead ? this.#ahead : 0))
  }

  sign(options) {
    // The key is no passkey: options that nobody made for it have to name it.
    const allowCredentials = this.#one.key.credentials.map(({ id }) => ({ type: 'public-key', id }))
    return this.#one.key.get({ allowCredentials, ...options }, { origin })
  }

  /** @returns {Promise<{ status: number, cookies: string[], text: string }>} */
  send(method, path, headers, text) {
    return new Promise((resolve, reject) => {
      const sent = request({ port: this.#port, host: '127.0.0.1', path, method, headers, agent: this.#agent }, (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status, headers: { 'set-cookie': cookies = [] } } = response
          resolve({ status, cookies, text: Buffer.concat(chunks).toString() })
        })
      })
      sent.on('error', reject)
      sent.end(text)
    })
  }

  async end() {
    this.#agent.destroy()
    const ended = this.#failed.catch(() => {})
    this.#child.disconnect()
    await ended
  }

  async #ask(message) {
    this.#child.send(message)
    const [answer] = await Promise.race([once(this.#child, 'message'), this.#failed])
    return answer
  }
}

/** One user's requests at one sign-in, with the cookies of its browser. */
class Visit {
  #cookies = new Map()
  #index
  #number
  #client

  constructor(index, number, client) {
    this.#index = index
    this.#number = number
    this.#client = client
  }

  get name() {
    return nameOf(this.#index)
  }

  code(options) {
    return this.#client.code(options)
  }

  /** The answer of this user's key: everybody's signature, with what is this user's own and isn't signed. */
  sign(options, { ownId = false } = {}) {
    const { id, response, ...rest } = this.#client.sign(options)
    const userHandle = response.userHandle && handleOf(this.name)
    const own = ownId ? credentialIdOf(this.name) : id
    return { ...rest, id: own, rawId: own, response: { ...response, ...(userHandle && { userHandle }) } }
  }

  post(path, body = {}) {
    const text = JSON.stringify(body)
    return this.#fetch('POST', path, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }, text)
  }

  get(path) {
    return this.#fetch('GET', path, {})
  }

  async #fetch(method, path, more, text) {
    const cookie = ['session=0123456789abcdef0123456789abcdef', ...[...this.#cookies].map(([name, value]) => `${name}=${value}`)].join('; ')
    const own = { 'x-user': this.name, 'x-session': `session ${this.#number}`, cookie }
    const answer = await this.#client.send(method, path, { origin, ...browser, ...own, ...more }, text)
    // Every answer is checked: what is refused ends the run.
    if (answer.status < 200 || answer.status > 299) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    for (const line of answer.cookies) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(line)
      this.#cookies.set(name, value)
    }
    return answer.text === '' ? undefined : JSON.parse(answer.text)
  }
}

/** The headers that a browser sends with every request. */
const browser = {
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9',
  referer: `${origin}/sign-in`,
  'sec-fetch-dest': 'empty',
  'sec-fetch-mode': 'cors',
  'sec-fetch-site': 'same-origin',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
}
