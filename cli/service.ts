import type { Command } from 'commander'

import { Countersign } from '../index.js'
import type { OpenOptions, Store } from '../index.js'
import { Output } from './io.js'
import type { Io } from './io.js'
import { openStore } from './open-store.js'
import type { StoreOptions } from './open-store.js'

/** Told once a command has answered: its exit code. */
export type Done = (code: number) => void

/** What a command on a store works with. */
export interface Opened<T> {
  service: Countersign
  store: Store
  out: Output
  options: T & StoreOptions
}

/** Runs a command on the store that the options name, and closes it. */
export async function onStore<T extends object>(
  command: Command,
  io: Io,
  done: Done,
  work: (opened: Opened<T>) => Promise<void>,
  more: (options: T) => Partial<OpenOptions> = () => ({}),
): Promise<void> {
  const options = command.optsWithGlobals<T & StoreOptions & { json?: boolean; issuer?: string }>()
  const out = new Output(io, options.json === true)
  const { store, close } = await openStore(options, io.env)
  try {
    // No command here has to do with a relying party but by its name, which a phone app shows.
    const rp = { id: 'localhost', name: options.issuer ?? 'Countersign', origins: ['http://localhost'] }
    await using service = await Countersign.open({ rp, store, ...more(options) })
    await work({ service, store, out, options })
    done(out.code)
  } finally {
    await close()
  }
}
