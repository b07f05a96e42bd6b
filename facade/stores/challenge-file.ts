import type { OpenChallenge } from './traits.js'

/** How many challenges are open for a key and a purpose. */
const maxOpen = 8

export function writeChallengeFile(key: string, open: OpenChallenge[]): string {
  return JSON.stringify({ key, open })
}

/** The open challenges of a key, oldest first. None when the text is no file of this key: one asks anew. */
export function parseChallengeFile(text: string | undefined, expected: string): OpenChallenge[] {
  const file = parse(text)
  return file?.key === expected ? file.open : []
}

/** Nothing in the file is open any more. */
export function isSpent(text: string | undefined, now: number): boolean {
  return parse(text)?.open.every(({ expires }) => expires <= now) ?? true
}

/** With one more, in place of one with the same id; the oldest of too many of its purpose goes. */
export function withChallenge(open: OpenChallenge[], { id, purpose, data, expires }: OpenChallenge): OpenChallenge[] {
  const others = open.filter((one) => one.id !== id)
  const ofPurpose = others.filter((one) => one.purpose === purpose)
  const dropped = new Set(ofPurpose.slice(0, Math.max(0, ofPurpose.length - maxOpen + 1)))
  return [...others.filter((one) => !dropped.has(one)), { id, purpose, data, expires }]
}

function parse(text: string | undefined): { key: string; open: OpenChallenge[] } | undefined {
  try {
    const { key, open } = JSON.parse(text ?? '') as { key: unknown; open: unknown }
    return typeof key === 'string' && Array.isArray(open) && open.every(isChallenge) ? { key, open } : undefined
  } catch {
    return undefined
  }
}

function isChallenge(value: unknown): value is OpenChallenge {
  const { id, purpose, data, expires } = Object(value) as Record<string, unknown>
  return [id, purpose, data].every((text) => typeof text === 'string') && typeof expires === 'number'
}
