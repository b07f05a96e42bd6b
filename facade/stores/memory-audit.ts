import type { AuditPage, AuditStore, PlacedLine } from './audit-store.js'

/** Keeps audit logs in memory, for tests: they end with the process, and nothing bounds them. */
export function memoryAudit(): AuditStore {
  const logs = new Map<string, string[]>()
  return {
    async append(user, line) {
      const lines = logs.get(user) ?? []
      lines.push(line(lines.at(-1)))
      logs.set(user, lines)
    },
    async read(user, page) {
      return newestFirst(logs.get(user) ?? [], 1, page)
    },
  }
}

/** The lines of a page, of which the first one has the place `first`. @internal */
export function newestFirst(lines: readonly string[], first: number, { before = Infinity, limit }: AuditPage): PlacedLine[] {
  const end = Math.max(0, Math.min(lines.length, before - first))
  const begin = Math.max(0, end - limit)
  return lines.slice(begin, end).map((line, index) => ({ place: first + begin + index, line })).toReversed()
}
