import type { BindingRecord } from '#binding'

import { checkUser, flag, invalid, object, optional } from '../shared/check.js'
import type { Context } from './context.js'
import { jsonText } from '../shared/json.js'
import type { ImportRecordOptions } from './options.js'
import type { ImportedRecord } from './outcome.js'

const checkOptions = object<ImportRecordOptions>({ replace: optional(flag) })

export async function importRecord(
  context: Context,
  user: string,
  data: string,
  options: ImportRecordOptions,
): Promise<ImportedRecord> {
  checkUser(user)
  if (typeof data !== 'string') throw invalid('data', 'the JSON text that TfaConfig.userData() returns')
  const { replace = false } = checkOptions(options, '')
  const handle = handleOf(data)
  const owner = handle === undefined ? undefined : await context.owner(handle)
  if (owner !== undefined && owner !== user) return { ok: false, reason: 'user-handle-taken' }
  const now = context.now()
  const request = jsonText({ data, replace, now, rpId: context.settings.rpId })
  const call = (record: BindingRecord) => context.service().importRecord(record, request)
  const answered = await context.unlessTaken(() => context.update<Answer>(user, now, call))
  if (answered === undefined) return { ok: false, reason: 'credential-taken' }
  const { done, reason, repeatedTotp } = answered.value
  if (done === 'refused') return { ok: false, reason: reason! }
  return done === 'kept' ? { ok: false, reason: 'other-factors' } : { ok: true, changed: done === 'imported', repeatedTotp }
}

interface Answer {
  done: 'imported' | 'unchanged' | 'kept' | 'refused'
  reason?: 'description' | 'key' | 'factor-limit' | 'record-too-large'
  repeatedTotp: boolean
}

/** The core reads it again, and refuses what is no record. */
function handleOf(data: string): string | undefined {
  try {
    const handle = (JSON.parse(data) as { 'user-handle'?: unknown } | null)?.['user-handle']
    return typeof handle === 'string' ? handle : undefined
  } catch {
    return undefined
  }
}
