import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []
process.once('exit', () => made.forEach((path) => rmSync(path, { recursive: true, force: true })))

/** An empty directory (0700) that is gone when this process ends. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'countersign-test-'))
  made.push(path)
  return path
}
