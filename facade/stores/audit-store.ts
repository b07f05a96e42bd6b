/** One line of an audit log, and its place in it. */
export interface PlacedLine {
  /** 1 for the first line of a user, and one more for each that follows. */
  place: number
  line: string
}

/** Which lines to read. */
export interface AuditPage {
  /** Only lines before this place. Default: from the last line on. */
  before?: number | undefined
  /** How many lines at most. */
  limit: number
}

/**
 * Keeps the audit log of each user: lines of text that are added and never changed. A line has no line ends and at most
 * 8,192 characters.
 *
 * A user is any well-formed text of 1 to 256 bytes of UTF-8, with the same rules as in `UserStore`. `auditStoreTests` of
 * `countersign/testing` checks a store of your own.
 */
export interface AuditStore {
  /**
   * Adds one line after the last one of this user, in one atomic step: with any number of callers, on any number of
   * machines, each `line` receives the line that its own will follow, and no place is given twice. `line` is synchronous
   * and may run more than once. Resolves once the line is stored, and gives up by itself when its
   * backend doesn't answer: nobody waits for more than 10 seconds. If `line` throws, it rejects with that error and nothing
   * is written.
   *
   * A store that finds lines missing gives the line `lost`, a space and its place (`lost 65`) for them, and the next line
   * follows it. It is no entry, so the check of the log shows it.
   */
  append(user: string, line: (last: string | undefined) => string): Promise<void>

  /** Returns lines of a user, the newest first; none for an unknown user. */
  read(user: string, page: AuditPage): Promise<PlacedLine[]>
}
