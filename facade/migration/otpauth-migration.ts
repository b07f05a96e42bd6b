import * as binding from '#binding'

import { isWellFormed } from '../shared/check.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { report } from './secrets.js'
import type { Found } from './secrets.js'
import type { Migration } from './types.js'
import { fromJson, list, percentDecoded, scanned } from './values.js'

/**
 * Reads an export of Google Authenticator: the text of its QR codes (`otpauth-migration://offline?data=...`), one or
 * several that belong together. HOTP entries are left. Members that a later version of the app adds are skipped. The
 * export contains the user's whole app: before you import it, filter by `what` and keep only your own entries.
 *
 * @param uris one URI, a list, or a text with one per line
 *
 * @example
 * const found = fromOtpauthMigration(scanned)
 * const mine = found.factors.filter(({ what }) => what.includes('Example: '))
 */
export function fromOtpauthMigration(uris: unknown): Migration {
  const migration: Migration = { factors: [], left: [] }
  const batches: Batch[] = []
  const texts = list(uris).flatMap((one) => list(fromJson(one) ?? one)).flatMap((one) => (typeof one === 'string' ? lines(one) : [one]))
  for (const [index, text] of texts.entries()) {
    const read = typeof text === 'string' && text.length <= 65_536 && isWellFormed(text) ? open(text) : null
    if (read === null) {
      migration.left.push({ what: `[${index}]`, reason: 'malformed' })
      continue
    }
    if (isRepeated(batches, read)) continue
    for (const [entry, found] of read.entries.entries()) {
      const one = report(found, `[${index}][${entry}]`)
      if ('reason' in one) migration.left.push(one)
      else migration.factors.push(one)
    }
  }
  for (const { size, seen } of batches) {
    const missing = size - seen.size
    if (missing > 0) migration.left.push({ what: `${missing} of ${size} QR codes`, reason: 'other-codes-missing' })
  }
  return migration
}

/** The codes of one export that were seen, by their place in it. */
interface Batch {
  id: number
  size: number
  seen: Map<number, string>
}

/**
 * Whether this very code was seen before; if not, it is put with the others of its export. Apps give several exports
 * the same id: a place that another code holds makes it one of another export.
 */
function isRepeated(batches: Batch[], { batch: { id, size, index }, entries }: Export): boolean {
  const content = jsonText(entries)
  const alike = batches.filter((batch) => batch.id === id && batch.size === size)
  if (alike.some(({ seen }) => seen.get(index) === content)) return true
  let batch = alike.find(({ seen }) => !seen.has(index))
  if (!batch) batches.push((batch = { id, size, seen: new Map() }))
  batch.seen.set(index, content)
  return false
}

interface Export {
  batch: { id: number; index: number; size: number }
  entries: Found[]
}

const lines = (text: string) => text.split(/\r?\n/).filter((line) => line.trim() !== '').map(plainUri)

/** As the core reads it: without what scanners and lists have around it, and encoded once. */
function plainUri(line: string): string {
  const text = scanned(line.trim()).replace(/^["']/, '').replace(/["'],?$/, '')
  const once = text.includes('%25') ? percentDecoded(text) : text
  const rest = once.slice(start.length)
  return once.slice(0, start.length).toLowerCase() === start ? start + rest : once
}

const start = 'otpauth-migration://offline'

const open = (uri: string): Export | null => openEnvelope<Export | null>(binding.migrateExport(uri)).value
