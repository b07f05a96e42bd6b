/**
 * What a person or a log sees of running steps: a line for each that ended. In between, on a terminal, one line that is
 * painted over again and again; elsewhere a sign of life now and then.
 */
export class Display {
  #out
  #now
  #running = new Map()
  #timer
  #painted = false

  /** @param {{ out?: NodeJS.WriteStream, now?: () => number, alive?: number }} options `alive`: seconds between two signs of life */
  constructor({ out = process.stdout, now = Date.now, alive = 30 } = {}) {
    this.#out = out
    this.#now = now
    this.#timer = setInterval(() => this.tick(), out.isTTY ? 200 : alive * 1000)
    this.#timer.unref()
    process.once('exit', () => this.#wipe())
  }

  begin(name) {
    this.#running.set(name, { started: this.#now(), doing: undefined })
    if (this.#out.isTTY) this.tick()
    else this.line(`...     ${name}`)
  }

  /** What a step is doing. */
  doing(name, text) {
    const step = this.#running.get(name)
    if (step && text) step.doing = text
  }

  /** @returns {number} seconds since `begin` */
  end(name) {
    const { started } = this.#running.get(name)
    this.#running.delete(name)
    return Math.round((this.#now() - started) / 1000)
  }

  /** A line that stays. */
  line(text) {
    this.#wipe()
    this.#out.write(`${text}\n`)
    if (this.#out.isTTY) this.tick()
  }

  tick() {
    const told = [...this.#running].map(([name, { started, doing }]) => {
      const time = duration(Math.round((this.#now() - started) / 1000))
      return doing ? `${name} ${time}: ${doing}` : `${name} ${time}`
    })
    if (told.length === 0) return
    if (!this.#out.isTTY) {
      for (const text of told) this.#out.write(`        ${short(text, 120)}\n`)
      return
    }
    const width = (this.#out.columns || 80) - 1
    const each = Math.floor((width - 3 * (told.length - 1)) / told.length)
    this.#wipe()
    this.#out.write(told.map((text) => short(text, each)).join(' | '))
    this.#painted = true
  }

  close() {
    clearInterval(this.#timer)
    this.#running.clear()
    this.#wipe()
  }

  #wipe() {
    if (this.#painted) this.#out.write('\r\u001b[K')
    this.#painted = false
  }
}

/** 42 s, 3 min 5 s */
export function duration(seconds) {
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

const short = (text, width) => (text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text)
