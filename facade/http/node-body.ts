import type { Readable } from 'node:stream'

import type { Chunks } from './exchange.js'

/** The body of a Node request as it arrives. The stream's own iterator does the same, and costs more than to read most bodies. */
export class NodeBody implements Chunks {
  readonly #stream: Readable
  #failed = false
  #changed: Promise<void> | undefined
  #wake = (): void => undefined
  #isListening = false

  constructor(stream: Readable) {
    this.#stream = stream
  }

  /** @throws if the client went away, or somebody else has ended the stream */
  async next(): Promise<{ done?: boolean; value?: Uint8Array }> {
    for (;;) {
      const value = this.#stream.read() as Uint8Array | null
      if (value !== null) return { value }
      if (this.#stream.readableEnded) return { done: true }
      if (this.#failed || this.#stream.destroyed) throw new Error('the body has ended too early')
      await this.#change()
    }
  }

  /** One for all who wait: who gave up may be one of them. */
  #change(): Promise<void> {
    if (!this.#isListening) this.#listen()
    return (this.#changed ??= new Promise((resolve) => {
      this.#wake = () => {
        this.#changed = undefined
        resolve()
      }
    }))
  }

  #listen(): void {
    this.#isListening = true
    const wake = () => this.#wake()
    this.#stream.on('readable', wake).on('end', wake).on('close', wake).on('error', () => {
      this.#failed = true
      this.#wake()
    })
  }
}
