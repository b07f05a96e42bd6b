import type { TfaConfig } from '../index.js'

/** The parts of a record that decide whether the old line format can hold all of it. */
interface PlainRecord {
  totp?: { enable?: boolean; entry: string | { totp: string } }[]
  'totp-locked'?: boolean
  'tfa-locked-until'?: number
  u2f?: { enable?: boolean }[]
  yubico?: { enable?: boolean }[]
  webauthn?: unknown[]
  recovery?: unknown
}

/**
 * The lines that Proxmox wrote up to 7.0: `USER:TYPE:BASE64(JSON)`.
 *
 * A line has one type, no disabled entries, and only SHA-1. All secrets of a user have the same digits and period. A user
 * is not written if the line would lose a factor, or enable a disabled one. `unguarded`: users whose line loses a lock, or
 * the last step of a TOTP code, so that the code could be used again.
 */
export function writeOldLines(config: TfaConfig): { text: string; written: number; unfit: string[]; unguarded: string[] } {
  const unfit: string[] = []
  const unguarded: string[] = []
  const lines: string[] = []
  for (const [user, view] of config.legacyView()) {
    const { type, ...data } = view
    const record = JSON.parse(config.userData(user) as string) as PlainRecord
    // oxlint-disable-next-line no-control-regex -- these are what it is for
    if (type === 'incompatible' || /[:\s#\x00-\x1f\x7f-\x9f]/.test(user) || !fits(record)) {
      unfit.push(user)
      continue
    }
    lines.push(`${user}:${type}:${Buffer.from(JSON.stringify(data)).toString('base64')}\n`)
    if (isGuarded(record)) unguarded.push(user)
  }
  return { text: lines.join(''), written: lines.length, unfit, unguarded }
}

function isGuarded({ totp = [], ...locks }: PlainRecord): boolean {
  return locks['totp-locked'] === true || locks['tfa-locked-until'] !== undefined || totp.some(({ entry }) => typeof entry !== 'string')
}

function fits({ totp = [], u2f = [], yubico = [], webauthn = [], recovery }: PlainRecord): boolean {
  const types = [totp, u2f, yubico].filter((entries) => entries.length > 0)
  const [entries = []] = types
  if (types.length !== 1 || webauthn.length > 0 || (recovery !== undefined && recovery !== null)) return false
  if (entries.some(({ enable }) => enable === false) || u2f.length > 1) return false
  const parameters = totp.map(({ entry }) => new URL(typeof entry === 'string' ? entry : entry.totp).searchParams)
  const [first] = parameters
  return parameters.every(
    (one) =>
      (one.get('algorithm') ?? 'SHA1') === 'SHA1' &&
      ['digits', 'period'].every((name) => one.get(name) === first?.get(name)),
  )
}
