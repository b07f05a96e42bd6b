import { CountersignError } from '../shared/errors.js'
import type { FailedRecord } from './outcome.js'

/** What is wrong with one record keeps no other from its turn; a store that fails does. */
export async function unlessOfRecord(name: string, failed: FailedRecord[], work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof CountersignError) || !ofRecord.has(error.code)) throw error
    failed.push({ user: name, reason: error.code })
  }
}

const ofRecord = new Set(['record-sealed', 'record-corrupt', 'record-too-large'])
