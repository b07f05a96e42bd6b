import { invalid, isWellFormed } from '../shared/check.js'

/** A user's file: the first line says whose it is, the rest is the record as it was given. */
export interface RecordFile {
  user: string
  /** The WebAuthn user handle that leads to this user; here, because only the record can say who owns it. */
  handle: string | undefined
  /** The other texts that do, for the same reason; `undefined`: none. */
  claims?: string[] | undefined
  record: string
}

export function writeRecordFile({ user, handle, claims, record }: RecordFile): string {
  return `${JSON.stringify({ user, handle, ...(claims?.length && { claims }) })}\n${record}`
}

/** `undefined` when the text is no such file. */
export function parseRecordFile(text: string): RecordFile | undefined {
  const end = text.indexOf('\n')
  const { user, handle, claims } = parseHeader(text.slice(0, Math.max(end, 0)))
  if (typeof user !== 'string' || (handle !== undefined && typeof handle !== 'string')) return undefined
  if (claims !== undefined && !isListOfTexts(claims)) return undefined
  return { user, handle, claims, record: text.slice(end + 1) }
}

/** Whether a handle or a claim leads to the user of a record. */
export function leadsTo(file: RecordFile | undefined, text: string): boolean {
  return file?.handle === text || file?.claims?.includes(text) === true
}

/** The file of a handle or a claim: only a hint, which the user's own file has to confirm. */
export function writeHandleFile(handle: string, user: string): string {
  return JSON.stringify({ handle, user })
}

/** The user, `undefined` when the text is no file of this handle. */
export function parseHandleFile(text: string, expected: string): string | undefined {
  const { handle, user } = parseHeader(text)
  return handle === expected && typeof user === 'string' ? user : undefined
}

/** A record is well-formed text: anything else would be stored as another text. */
export function checkRecord(record: unknown): asserts record is string {
  if (typeof record !== 'string' || !isWellFormed(record)) throw invalid('record', 'well-formed text')
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function parseHeader(text: string): Record<string, unknown> {
  try {
    // Without a prototype: an absent handle is absent.
    return Object.assign(Object.create(null), JSON.parse(text)) as Record<string, unknown>
  } catch {
    return Object.create(null) as Record<string, unknown>
  }
}
