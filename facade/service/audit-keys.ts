import { openEnvelope } from '../shared/envelope.js'
import { invalid } from '../shared/check.js'
import { jsonText } from '../shared/json.js'
import type { Context } from './context.js'
import { withModels } from './models.js'
import { unlessOfRecord } from './of-record.js'
import type { AuditedKeys, RevokedKey } from './outcome.js'
import { each } from './users-page.js'

/** Reads every record, and changes none. */
export async function auditKeys(context: Context): Promise<AuditedKeys> {
  if (!context.metadata()) throw invalid('webauthn.metadata', 'given to open(): without it nothing is known of models')
  const result: AuditedKeys = { users: 0, revoked: [], failed: [] }
  for await (const user of each(() => context.settings.users.users())) {
    await unlessOfRecord(user, result.failed, async () => {
      const record = await context.read(user)
      if (record === null) return
      result.users += 1
      const text = context.service().revokedKeys(record, jsonText({ now: context.now() }))
      const found = openEnvelope<Omit<RevokedKey, 'user'>[]>(text, user).value
      for (const one of found) result.revoked.push(withModels(context.modelName, { user, ...one }))
    })
  }
  return result
}
