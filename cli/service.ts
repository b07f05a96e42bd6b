import type { Command } from 'commander'

import { noRelyingParty } from '../facade/service/no-relying-party.js'
import { Countersign } from '../index.js'
import type { CountersignEvent, OpenOptions, Store } from '../index.js'
import { Output, printable } from './io.js'
import type { Io } from './io.js'
import { openStore } from './open-store.js'
import type { StoreOptions } from './open-store.js'
import { sealOf } from './seal-options.js'
import type { KeysOptions } from './seal-options.js'

/** Called with the exit code when a command has answered. */
export type Done = (code: number) => void

/** What a command on a store gets. */
export interface Opened<T> {
  service: Countersign
  store: Store
  out: Output
  /** Whether keys were given. */
  sealed: boolean
  options: T & StoreOptions & KeysOptions
}

/** Runs a command on the store that the options name, and closes it. */
export async function onStore<T extends object>(
  command: Command,
  io: Io,
  done: Done,
  work: (opened: Opened<T>) => Promise<void>,
  more: (options: T) => Partial<OpenOptions> = () => ({}),
): Promise<void> {
  const options = command.optsWithGlobals<T & StoreOptions & KeysOptions & { json?: boolean; issuer?: string; rpId?: string }>()
  const out = new Output(io, options.json === true)
  const seal = sealOf(options, io)
  const { store, close } = await openStore(options, io.env)
  try {
    // Shows warnings (such as a wrong clock) to the person who typed the command, and not as a message of Node.js.
    const onEvent = ({ type, message = '' }: CountersignEvent) => type === 'warning' && out.note(printable(message))
    await using service = await Countersign.open({ ...relyingParty(options), store, onEvent, ...(seal && { seal }), ...more(options) })
    await work({ service, store, out, sealed: seal !== undefined, options })
    done(out.code)
  } finally {
    await close()
  }
}

/** The index of credential ids uses its id, and phone apps show its name. No command verifies a ceremony. */
function relyingParty({ rpId, issuer: name = 'Countersign' }: { rpId?: string; issuer?: string }) {
  if (rpId !== undefined) return { rp: { id: rpId, name, origins: [`https://${rpId}`] } }
  return { rp: { id: 'localhost', name, origins: ['http://localhost'] }, [noRelyingParty]: true }
}
