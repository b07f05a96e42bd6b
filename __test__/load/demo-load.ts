import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { directoryStore } from '../../facade/stores/index.js'
import { startDemoProcess } from '../helpers/demo-process.js'
import { playCrowd, type Played } from './crowd.js'
import type { Person } from './person.js'

export interface LoadOptions {
  people: number
  rounds: number
  /** When to give up. */
  minutes: number
}

/**
 * The demo as a process of its own, with its own directory, and people who all sign in at once through its HTTP API.
 * `faults` of the answer is all that was not as it should be: refused sign-ins, answers accepted twice, statuses of
 * 500 and more, a line in the log, a record that lacks something.
 */
export async function loadDemo({ people, rounds, minutes }: LoadOptions): Promise<Played> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-load-'))
  // All of them come from one address here; each may be in two browsers.
  const passwords = String(people * (1 + 2 * rounds))
  const demo = await startDemoProcess(directory, { PASSWORDS_PER_ADDRESS: passwords })
  const late = setTimeout(() => demo.child.kill('SIGKILL'), minutes * 60_000)
  try {
    const played = await playCrowd(demo.origin, people, rounds)
    const { faults, persons } = played
    const code = await demo.stop()
    if (code !== 0) faults.push(`the demo ended with code ${code}`)
    if (demo.output.error !== '') faults.push(`in the log of the demo: ${demo.output.error}`)
    faults.push(...(await checkFiles(directory, persons)))
    return played
  } finally {
    clearTimeout(late)
    demo.child.kill('SIGKILL')
    await rm(directory, { recursive: true })
  }
}

/** What the stopped demo has left on disk: every account, every factor, and counters where they were last. */
async function checkFiles(directory: string, persons: Person[]): Promise<string[]> {
  const store = directoryStore(join(directory, 'countersign'))
  const accounts = JSON.parse(await readFile(join(directory, 'accounts.json'), 'utf8')) as Account[]
  const faults: string[] = []
  for (const { name, kinds, lastStep, counter, usedCodes } of persons) {
    const account = accounts.find((one) => one.name === name)
    const record = JSON.parse((account && (await store.read(account.id))) ?? '{}') as StoredRecord
    const found = [
      account?.enrolled,
      record.totp?.map(({ entry }) => entry['last-count']),
      record.webauthn?.map(({ entry }) => entry.counter),
      record.recovery?.entries.map((entry) => entry === null),
    ]
    const expected = [
      true,
      kinds.includes('totp') ? [lastStep] : undefined,
      kinds.includes('webauthn') ? [counter] : undefined,
      kinds.includes('recovery') ? Array.from({ length: 10 }, (_, place) => place < usedCodes) : undefined,
    ]
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)]
    if (one !== other) faults.push(`${name} on disk: ${one} in place of ${other}`)
  }
  if (accounts.length !== persons.length) faults.push(`${accounts.length} accounts`)
  return faults
}

interface Account {
  id: string
  name: string
  enrolled: boolean
}

interface StoredRecord {
  totp?: { entry: { 'last-count': number } }[]
  webauthn?: { entry: { counter: number } }[]
  recovery?: { entries: (string | null)[] }
}
