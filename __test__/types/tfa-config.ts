// What the types of a whole configuration allow, and what they refuse.
import { TfaConfig } from 'countersign'
import type { TfaAdded, TfaChallenge, TfaRefused, TfaResult } from 'countersign'
import { memoryStore } from 'countersign/stores'

export async function config(): Promise<void> {
  const options = { challenges: memoryStore(), maxBytes: 1024, now: () => 0 }
  const file: TfaConfig = TfaConfig.parse(Buffer.from('{}'), options)
  TfaConfig.create({ additions: true, yubico: { secrets: () => undefined } })
  // @ts-expect-error made by `create` or `parse`
  new TfaConfig()
  // @ts-expect-error text has no encoding of its own: give bytes
  TfaConfig.parse('{}')
  // @ts-expect-error misspelt
  file.write({ addition: true })
  file.write({ additions: true, sections: true }) satisfies Uint8Array

  const result: TfaResult = await file.verify('ann', {} as unknown, { origin: 'https://example.com' })
  result.needsSaving satisfies boolean
  // @ts-expect-error test `result` first
  result.factor
  if (result.result) result.factor.id satisfies string
  else result.reason satisfies 'rejected' | 'malformed' | 'locked'

  const challenge: TfaChallenge | undefined = await file.challenge('ann')
  // @ts-expect-error undefined: this user has no entry at all
  challenge.totp

  const added: TfaAdded = await file.addEntry('ann', { type: 'recovery' })
  // @ts-expect-error test `ok` first
  added.recovery
  if (added.ok) added.id satisfies string | null
  // @ts-expect-error no such type
  await file.addEntry('ann', { type: 'oath' })
  const deleted = file.deleteEntry('ann', 'recovery')
  if (deleted.ok) deleted.left satisfies boolean
  else deleted satisfies TfaRefused

  const examined = TfaConfig.examine(new Uint8Array(), { maxBytes: 1 })
  examined.format satisfies 'json' | 'lines' | undefined
  examined.users[0]?.factors.totp satisfies number | undefined
  // @ts-expect-error no option of it
  TfaConfig.examine(new Uint8Array(), { challenges: undefined })

  file.webauthn = { id: 'example.com', rp: 'Example' }
  file.webauthn = undefined
  // @ts-expect-error computed
  file.webauthnDigest = ''
  file.list('ann', { all: true })[0]?.['totp-locked'] satisfies true | undefined
  const legacy = file.legacyView().get('ann')
  if (legacy?.type === 'oath') legacy.config.step satisfies number
}
