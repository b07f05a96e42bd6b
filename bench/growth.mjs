// What `TfaConfig` costs as a file grows, against JSON's functions and `structuredClone` on the same data.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { TfaConfig } from 'countersign'
import { totpAt } from 'countersign/testing'

import { interleave } from './lib/interleave.mjs'
import { settledMemory } from './lib/memory.mjs'

const maxBytes = 2 ** 30
const record = JSON.parse(readFileSync(new URL('../__test__/vectors/record-today.json', import.meta.url), 'utf8'))
const [{ id, entry }] = record.totp

/** @returns times and bytes for each number of users. With a million users, each has an app only */
export async function growth(sizes, options) {
  const results = {}
  for (const users of sizes) {
    const bytes = file(users)
    // A round with a big file takes seconds, so fewer rounds are enough.
    const few = { ...options, rounds: Math.max(3, Math.min(options.rounds, Math.round(1e6 / users))) }
    results[users] = { bytes: bytes.length, file: await wholeFile(bytes, few), user: await oneUser(bytes, options) }
    results[users].memory = retained(bytes)
  }
  return results
}

/** A file as Proxmox writes it: an app and a key for each user, or only an app. */
function file(users) {
  const { totp, webauthn } = record
  const text = JSON.stringify(users >= 1_000_000 ? { totp } : { totp, webauthn })
  const parts = Array.from({ length: users }, (_, user) => `"${name(user)}":${text}`)
  return Buffer.from(`{"users":{${parts.join(',')}}}`)
}

async function wholeFile(bytes, options) {
  const text = bytes.toString()
  const reading = await interleave(
    {
      parse: () => TfaConfig.parse(bytes, { maxBytes }),
      'JSON.parse of the text': () => JSON.parse(text),
      'JSON.parse of the bytes': () => JSON.parse(bytes.toString()),
    },
    options,
  )
  // Not earlier: collecting one contender's garbage would also scan the objects of the others.
  return { ...reading, ...(await writing(bytes, JSON.parse(text), options)) }
}

function writing(bytes, plain, options) {
  const config = TfaConfig.parse(bytes, { maxBytes })
  if (Buffer.compare(Buffer.from(config.write()), bytes) !== 0) throw new Error('not the file that was read')
  return interleave(
    {
      write: () => config.write(),
      'JSON.stringify to text': () => JSON.stringify(plain),
      'JSON.stringify to bytes': () => Buffer.from(JSON.stringify(plain)),
      structuredClone: () => structuredClone(plain),
    },
    options,
  )
}

function oneUser(bytes, options) {
  let now = Date.now()
  const config = TfaConfig.parse(bytes, { maxBytes, now: () => now })
  const renamed = (copy) => {
    if (!copy.updateEntry(name(7), id, { description: 'mine' }).ok) throw new Error('refused')
  }
  return interleave(
    {
      'an empty instance': () => TfaConfig.create(),
      clone: () => config.clone(),
      'clone and first write': () => renamed(config.clone()),
      'one verification': async () => {
        now += 30_000
        const { result } = await config.verify(name(7), { type: 'totp', code: totpAt(entry.totp, now) })
        if (!result) throw new Error('refused')
      },
    },
    options,
  )
}

/** Measures the bytes that stay resident after a file was read, without the input. Each runs in its own process. */
function retained(bytes) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const path = join(folder, 'tfa.json')
  try {
    writeFileSync(path, bytes)
    const ask = (how) => Number(execFileSync(process.execPath, ['--expose-gc', self, how, path]))
    return { parse: ask('parse'), 'JSON.parse': ask('JSON.parse') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const self = fileURLToPath(import.meta.url)
const name = (user) => `user${String(user).padStart(8, '0')}@pve`

if (process.argv[1] === self) {
  const [how, path] = process.argv.slice(2)
  const small = file(1)
  const ways = {
    parse: (bytes) => TfaConfig.parse(bytes, { maxBytes }),
    'JSON.parse': (bytes) => JSON.parse(bytes.toString()),
  }
  const read = ways[how]
  read(small)
  const before = await settledMemory()
  globalThis.kept = read(readFileSync(path))
  console.log((await settledMemory()) - before)
}
