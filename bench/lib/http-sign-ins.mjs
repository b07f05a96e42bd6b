import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'

import { totpAt } from 'countersign/testing'

import { nameOf, origin } from './population.mjs'

const program = fileURLToPath(new URL('http-server.mjs', import.meta.url))

/** Second factors over HTTP at a server that is a process of its own: a challenge and its answer are one. */
export class HttpSignIns {
  static #last
  #child
  #failed
  #verifies
  #port
  #agent
  #ahead = 0
  #turn = 0
  #users
  #one

  /** @param one what `enrolOne` has made: all users have the same app and key */
  constructor(kind, one, { users = 512, inFlight = 32 } = {}) {
    this.#users = users
    this.#one = one
    this.inFlight = inFlight
    this.#agent = new Agent({ keepAlive: true, maxSockets: inFlight })
    this.#child = spawn(process.execPath, [program, kind, String(users)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#failed = once(this.#child, 'exit').then(() => { throw new Error('the server has ended') })
    this.#failed.catch(() => {})
    this.#verifies = kind !== 'json'
    this.ready = this.#ask({ template: one.template }).then(({ port }) => (this.#port = port))
  }

  /** @returns nanoseconds of the server's CPU for so many second factors */
  async cpu(way, count) {
    const before = (await this.#ask({})).cpu
    await this.run(way, count)
    const after = (await this.#ask({})).cpu
    return (after.user + after.system - before.user - before.system) * 1000
  }

  async run(way, count) {
    for (let left = count; left > 0; left -= this.#users) {
      // A code is good once: everybody in turn, then a step further.
      this.#ahead += 30_000
      await this.#ask({ ahead: 30_000 })
      let next = Math.min(left, this.#users)
      const worker = async () => {
        while (next > 0) {
          next -= 1
          await this.#signIn(way)
        }
      }
      await Promise.all(Array.from({ length: this.inFlight }, worker))
    }
  }

  end() {
    this.#agent.destroy()
    this.#child.disconnect()
  }

  async #signIn(way) {
    this.#turn += 1
    const headers = { 'x-user': nameOf(this.#turn % this.#users), 'x-session': `session ${this.#turn}` }
    const { challenge } = await this.#post('/countersign/challenge', {}, headers)
    const answer = way === 'totp'
      ? { type: 'totp', code: totpAt(this.#one.uri, Date.now() + this.#ahead) }
      : { type: 'webauthn', response: this.#response(challenge.webauthn) }
    const outcome = await this.#post('/countersign/verify', { answer }, headers)
    if (outcome.ok !== true) throw new Error('refused')
  }

  /** What reads no answer gets the first one again. */
  #response(options) {
    if (this.#verifies) HttpSignIns.#last = this.#one.key.get(options, { origin })
    return HttpSignIns.#last
  }

  #post(path, body, more) {
    const text = JSON.stringify(body)
    const headers = { origin, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...browser, ...more }
    return new Promise((resolve, reject) => {
      const sent = request({ port: this.#port, host: '127.0.0.1', path, method: 'POST', headers, agent: this.#agent }, (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString()
          if (response.statusCode !== 200) return reject(new Error(`${path}: ${response.statusCode} ${answer}`))
          resolve(JSON.parse(answer))
        })
      })
      sent.on('error', reject)
      sent.end(text)
    })
  }

  async #ask(message) {
    this.#child.send(message)
    const [answer] = await Promise.race([once(this.#child, 'message'), this.#failed])
    return answer
  }
}

/** What a browser sends with every request. */
const browser = {
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9',
  cookie: 'session=0123456789abcdef0123456789abcdef',
  referer: `${origin}/sign-in`,
  'sec-fetch-dest': 'empty',
  'sec-fetch-mode': 'cors',
  'sec-fetch-site': 'same-origin',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
}
