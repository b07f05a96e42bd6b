// What the types of the service allow, and what they refuse.
import { Countersign, eventChannel, isCountersignError, Metadata, parseSealKeys } from 'countersign'
import type {
  AuditedKeys,
  Challenge,
  CountersignEvent,
  Enrolled,
  Factor,
  ImportedRecord,
  Outcome,
  PasskeyChallenge,
  PasskeyOutcome,
  PasskeySignals,
  RecognisedBrowser,
  RememberedBrowser,
  Removed,
  Resealed,
  Reset,
  SealOptions,
  SealReport,
  Store,
  Updated,
} from 'countersign'
import { memoryStore, regional } from 'countersign/stores'
import type { Region, RegionalStore } from 'countersign/stores'

const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
const store = memoryStore()

export async function service(): Promise<void> {
  const countersign: Countersign = await Countersign.open(
    { rp, store, onEvent: (event: CountersignEvent) => void event.at },
  )
  await Countersign.open({ rp, store: { users: store, challenges: store }, totp: { window: { past: 1, future: 0 } } })
  // @ts-expect-error a relying party has origins
  await Countersign.open({ rp: { id: 'example.com', name: 'Example' }, store })
  // @ts-expect-error misspelt
  await Countersign.open({ rp, store, webauthn: { userVerfication: 'required' } })
  // @ts-expect-error not a value of it
  await Countersign.open({ rp, store, webauthn: { userVerification: 'always' } })
  // @ts-expect-error no COSE algorithm that is implemented
  await Countersign.open({ rp, store, webauthn: { algorithms: [-65535] } })
  await Countersign.open({ rp, store, webauthn: { passkeys: false }, challengeKey: new Uint8Array(32) })
  // @ts-expect-error bytes, or their base64url
  await Countersign.open({ rp, store, challengeKey: 7 })
  const seal: SealOptions = { keys: [{ id: '2026-11', key: new Uint8Array(32) }, { id: '2026-05', key: 'text' }], plain: 'accept' }
  await Countersign.open({ rp, store, seal })
  await Countersign.open({ rp, store, seal: () => ({ keys: parseSealKeys('2026-11 text') }) })
  await Countersign.open({ rp, store, seal: async () => seal })
  // @ts-expect-error keys have ids
  await Countersign.open({ rp, store, seal: { keys: [{ key: new Uint8Array(32) }] } })
  // @ts-expect-error misspelt
  await Countersign.open({ rp, store, seal: { keys: [], Plain: 'accept' } })
  const remembered: RecognisedBrowser | Challenge | null = await countersign.challenge('ann', { browser: undefined as unknown })
  if (remembered?.remembered) void (remembered.token?.length ?? remembered.expires)
  else if (remembered) void remembered.id
  const asked = await countersign.verify('ann', 'totp:123456', { remember: { label: 'Firefox' } })
  if (asked.ok) void (asked.token?.length ?? asked.expires)
  // @ts-expect-error the days are fixed
  await countersign.verify('ann', 'totp:123456', { remember: { days: 90 } })
  // @ts-expect-error only a right answer has a browser remembered
  await countersign.challenge('ann', { remember: {} })
  const browsers: RememberedBrowser[] = await countersign.browsers('ann', { browser: 'token' })
  void [browsers[0]?.current, (await countersign.forgetBrowser('ann', 'id')) === true, (await countersign.forgetBrowsers('ann')) > 0]
  const { failed }: Resealed = await countersign.reseal({ onProgress: ({ records, resealed }) => void (records - resealed) })
  const report: SealReport = await countersign.checkSealing()
  const counted: number[] = [report.keys['2026-11'] ?? 0, report.plain, failed.length]
  void counted
  const apart: Region = { users: store, challenges: store }
  const regions: RegionalStore = regional({ eu: store, us: apart }, async (user) => (user === 'ann' ? 'eu' : 'us'))
  await Countersign.open({ rp, store: regions, challengeKey: 'text' })
  // @ts-expect-error no such region
  regional({ eu: store }, () => 'us')
  // @ts-expect-error no store
  regional({ eu: {} }, () => 'eu')
  await regions.migrate()
  const keeper: Store = { ...store, sharedKey: async (fresh: string) => fresh }
  await keeper.sharedKey?.('')
  // @ts-expect-error a store may have none
  await keeper.sharedKey('')
  await Countersign.open({ rp, store, u2f: { appId: 'https://example.com', facets: ['https://example.com'] } })
  // @ts-expect-error what the keys were registered for
  await Countersign.open({ rp, store, u2f: {} })
  await Countersign.open({ rp, store, yubico: { secrets: (publicId, user) => ({ key: publicId, uid: user }) } })
  // @ts-expect-error the private id belongs to it
  await Countersign.open({ rp, store, yubico: { secrets: () => ({ key: '00' }) } })
  await Countersign.open({ rp, store, yubico: { secrets: async () => undefined } })
  ;(await countersign.enrolYubico('ann', { code: '', description: '' })) satisfies { ok: boolean }
  // @ts-expect-error: the key's name is missing
  await countersign.enrolYubico('ann', { code: '' })
  const keys = [{ what: '', description: '', notes: [], yubico: { publicId: '' } }, { what: '', description: '', notes: [], u2f: { keyHandle: '', publicKey: '' } }]
  await countersign.importFactors('ann', { factors: keys, left: [] })
  // @ts-expect-error a key, not its text alone
  await Countersign.open({ rp, store, yubico: { secrets: () => '00' } })
  eventChannel satisfies 'countersign:event'
  // @ts-expect-error opened, not constructed
  new Countersign()

  const outcome: Outcome = await countersign.verify('ann', JSON.parse('{}') as unknown)
  // @ts-expect-error test ok first
  outcome.factor
  if (outcome.ok) {
    const left: number | undefined = outcome.recoveryCodesLeft
    // @ts-expect-error a reason is a refusal's
    outcome.reason
    void left
  } else {
    const reason: 'rejected' | 'malformed' | 'locked' = outcome.reason
    // @ts-expect-error never mixed with an error's code
    outcome.code
    void reason
  }

  const challenge: Challenge | null = await countersign.challenge(
    'ann', { purpose: 'step-up', session: 's', enrolled: true },
  )
  // @ts-expect-error null: this user has no factor at all
  challenge.totp
  challenge?.u2f?.keys[0]?.version satisfies 'U2F_V2' | undefined
  // @ts-expect-error enrolment has its own methods
  await countersign.challenge('ann', { purpose: 'register' })
  const passkey: PasskeyChallenge = await countersign.challenge({ session: 's' })
  passkey.webauthn.challenge satisfies string
  // @ts-expect-error a passkey only ever signs in
  await countersign.challenge({ purpose: 'step-up' })
  const who: PasskeyOutcome = await countersign.verifyPasskey(JSON.parse('{}') as unknown)
  // @ts-expect-error test ok first
  who.user
  if (who.ok) who.user satisfies string
  const signals: PasskeySignals | null = await countersign.signals('ann')
  signals?.allAcceptedCredentialIds satisfies string[] | undefined
  await countersign.beginWebauthn('ann', { name: 'ann', displayName: 'Ann', use: 'passkey' })

  const { enrolment, uri, secret, qr } = await countersign.beginTotp('ann', { account: 'ann' })
  const reset: Reset = await countersign.reset('ann', { totp: 1 as unknown, recovery: '' as unknown, remove: ['id'] })
  // @ts-expect-error test ok first
  reset.removed
  if (reset.ok) reset.removed[0]?.description satisfies string | undefined
  // @ts-expect-error both
  await countersign.reset('ann', { totp: '123456' })

  const enrolled: Enrolled = await countersign.finishTotp(
    'ann', { enrolment, code: 1 as unknown, description: '', firstOnly: true },
  )
  // @ts-expect-error a description belongs to it
  await countersign.finishTotp('ann', { enrolment, code: '' })
  // @ts-expect-error a user is text
  await countersign.factors(7)

  const factors: Factor[] = await countersign.factors('ann')
  for (const factor of factors) {
    if (factor.type === 'webauthn') factor.backupEligible satisfies boolean
    if (factor.type === 'recovery') factor.left satisfies number
    // @ts-expect-error no secrets
    factor.secret
  }
  const imported = await countersign.importFactors('ann', { factors: [], left: [] })
  imported.taken[0]?.factor satisfies Factor | undefined
  // @ts-expect-error what a reading found, not its factors alone
  await countersign.importFactors('ann', [])
  factors[0]?.added satisfies number | undefined
  ;(await countersign.status('ann')).yubicoFailures satisfies number
  const record: ImportedRecord = await countersign.importRecord('ann', '{}', { replace: true })
  // @ts-expect-error test ok first
  record.changed
  if (record.ok) record.repeatedTotp satisfies boolean
  const updated: Updated = await countersign.updateFactor('ann', 'id', { enable: false })
  const removed: Removed = await countersign.removeFactor('ann', 'id')
  if (removed.ok) removed.left satisfies Factor[]
  for await (const user of countersign.users()) user satisfies string
  ;(await countersign.usersPage({ after: 'ann', limit: 10 })).next satisfies string | null
  await Countersign.open({ rp, store, policy: async ({ user, factors }) => ({ require: user !== '', by: factors.length, remind: ['few-codes'] }) })
  // @ts-expect-error misspelt
  await Countersign.open({ rp, store, policy: () => ({ require: { phishing: true } }) })
  const { state, by, reminders } = await countersign.enforcement('ann')
  state satisfies 'none' | 'grace' | 'expiring' | 'required'
  by satisfies number | undefined
  reminders satisfies ('few-codes' | 'one-method' | 'synced-only')[]
  for await (const line of countersign.report(['ann'])) if (line.state === 'failed') line.reason satisfies string
  ;(await countersign.clearDeadlines('ann', { by: 'root' })) satisfies number
  await using disposed = countersign
  void [uri, secret, qr, enrolled, updated, disposed, {} as Store]
}

export async function authenticators(): Promise<void> {
  let metadata: Metadata | undefined = await Metadata.verify('', { previous: 7 })
  metadata.find('')?.revoked?.status satisfies 'REVOKED' | 'RETIRED' | string | undefined
  metadata = await Metadata.verify(new Uint8Array(), { previous: metadata, crls: [new Uint8Array()] })
  const countersign = await Countersign.open({
    rp, store, webauthn: { metadata: () => metadata, authenticators: { allow: [''], certified: 'L1+', unknown: 'refuse' } },
  })
  const { revoked }: AuditedKeys = await countersign.auditKeys()
  revoked[0]?.factor satisfies Factor | undefined
  const enrolled: Enrolled = await countersign.finishWebauthn('ann', { response: {}, description: '' })
  if (!enrolled.ok && enrolled.reason === 'authenticator-refused') return
  // @ts-expect-error no such level
  await Countersign.open({ rp, store, webauthn: { authenticators: { certified: 'L4' } } })
  // @ts-expect-error await it
  await Countersign.open({ rp, store, webauthn: { metadata: Metadata.verify('') } })
  // @ts-expect-error use verify
  new Metadata()
}

export function errors(err: unknown): void {
  if (isCountersignError(err, 'record-missing')) err.code satisfies string
  // @ts-expect-error no such code
  isCountersignError(err, 'missing')
}
