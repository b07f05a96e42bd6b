import { hmacSha256, sha256 } from '../shared/crypto.js'
import { jsonText } from '../shared/json.js'
import type { CountersignEvent } from './event.js'

/** What happened, as an audit log has it. */
export interface AuditEntry
  extends Pick<CountersignEvent, 'type' | 'user' | 'at' | 'factor' | 'reason' | 'left' | 'member' | 'browser' | 'by' | 'from'> {
  /** 1 for the first line of this user, and one more for each that follows. */
  place: number
  /** How many refusals of this user were counted since the line before, and have no line: see docs/audit.md. */
  refused?: number
  /** How many lines are missing before this one, because the audit store failed or was too slow. */
  missing?: number
}

/** Which of an event's members a line has. The origins of a page are left out: the client said them. */
const members = ['type', 'user', 'at', 'factor', 'reason', 'left', 'member', 'browser', 'by', 'from'] as const

/** What is to be written, before it has its place. */
export type Unplaced = Omit<AuditEntry, 'place'>

export function unplaced(event: CountersignEvent): Unplaced {
  const entry = {} as Record<string, unknown>
  for (const name of members) if (event[name] !== undefined) entry[name] = event[name]
  return entry as unknown as Unplaced
}

/**
 * The next line: its kind, the link to the line before, and the entry as JSON. The link is an HMAC-SHA256 under the key, or
 * without one a SHA-256, of the link before it and the JSON, in which the user and the place are.
 */
export function nextLine(entry: Unplaced, last: string | undefined, key: Buffer | undefined): string {
  const before = last === undefined ? undefined : parseLine(last)
  // A line that can't be read is followed all the same: the check shows it.
  const place = before ? (before.entry?.place ?? lostPlace(before)) + 1 : 1
  const json = jsonText({ place, ...entry })
  return `${kindOf(key)} ${linkOf(before?.link ?? '', json, key)} ${json}`
}

/** Where a store has lost lines, it puts the line `lost`, a space and its place. It has no entry, so the check shows it. */
const lostPlace = ({ kind, link }: ParsedLine): number => (kind === 'lost' && /^[1-9]\d{0,14}$/.test(link) ? Number(link) : 0)

export interface ParsedLine {
  /** `hmac`, or `checksum`, as the line says. */
  kind: string
  link: string
  json: string
  entry: AuditEntry | undefined
}

export function parseLine(line: string): ParsedLine {
  const [kind = '', link = ''] = line.split(' ', 2)
  const json = line.slice(kind.length + link.length + 2)
  return { kind, link, json, entry: entryOf(json) }
}

/** Whether a line follows the one with the link `before`, by the key. */
export function follows({ kind, link, json }: ParsedLine, before: string, key: Buffer | undefined): boolean {
  return kind === kindOf(key) && link === linkOf(before, json, key)
}

const kindOf = (key: Buffer | undefined): string => (key ? 'hmac' : 'checksum')

function linkOf(before: string, json: string, key: Buffer | undefined): string {
  const text = `countersign audit 1\n${before}\n${json}`
  return key ? hmacSha256(key, text).toString('base64url') : sha256(text, 'base64url')
}

function entryOf(json: string): AuditEntry | undefined {
  try {
    const entry = JSON.parse(json) as Partial<AuditEntry> | null
    const isEntry = typeof entry?.user === 'string' && typeof entry.type === 'string' && Number.isSafeInteger(entry.place)
    return isEntry && Number.isSafeInteger(entry.at) ? (entry as AuditEntry) : undefined
  } catch {
    return undefined
  }
}
