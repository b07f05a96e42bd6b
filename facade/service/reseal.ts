import { invalid, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Context } from './context.js'
import { unlessOfRecord } from './of-record.js'
import type { ResealOptions } from './options.js'
import type { Resealed, SealReport } from './outcome.js'
import { sealedUnder } from './sealing.js'
import { everyRecord } from './users-page.js'

/** Records between two reports. */
const step = 100

const callback: Check<NonNullable<ResealOptions['onProgress']>> = (value, name) => {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as NonNullable<ResealOptions['onProgress']>
}

const checkOptions = object<ResealOptions>({ onProgress: optional(callback) })

/** One record after the other, each in one atomic change, and only where it is not under the first key yet. */
export async function reseal(context: Context, options: ResealOptions): Promise<Resealed> {
  const { onProgress } = checkOptions(options, '')
  const { sealing } = context
  if (!sealing) throw invalid('seal', 'given to open(): without keys nothing can be sealed')
  const result: Resealed = { records: 0, resealed: 0, failed: [] }
  const report = () => onProgress?.({ records: result.records, resealed: result.resealed })
  for await (const name of everyRecord(() => context.settings.users.users())) {
    await unlessOfRecord(name, result.failed, async () => {
      const text = await context.readSealed(name)
      // Most are, where an earlier run broke off: those are only read.
      if (text === null || sealing.isCurrent(text)) return
      // The host is asked for a key that is not known, before the change begins.
      await sealing.opened(text, name)
      const call = (record: string | null) => sealing.reseal(record, name)
      if ((await context.updateSealed<'resealed' | 'current' | 'gone'>(name, call)) === 'resealed') result.resealed += 1
    })
    result.records += 1
    if (result.records % step === 0) report()
  }
  report()
  return result
}

/** Reads every record, and opens it where there are keys. */
export async function checkSealing(context: Context): Promise<SealReport> {
  const { sealing } = context
  const report: SealReport = { records: 0, keys: {}, plain: 0, failed: [] }
  // Whoever writes to the store may put any id there, such as `__proto__`.
  const keys = new Map<string, number>()
  for await (const name of everyRecord(() => context.settings.users.users())) {
    await unlessOfRecord(name, report.failed, async () => {
      const text = await context.readSealed(name)
      if (text === null) return
      report.records += 1
      const id = sealedUnder(text)
      if (id === undefined) report.plain += 1
      else keys.set(id, (keys.get(id) ?? 0) + 1)
      await sealing?.opened(text, name)
    })
  }
  return { ...report, keys: Object.fromEntries(keys) }
}
