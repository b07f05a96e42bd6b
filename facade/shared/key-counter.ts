/**
 * Where the stores keep the counter of a Yubico key for everybody who holds it: as a record beside those of the users,
 * under a name that no user can have.
 */
const prefix = 'countersign:yubico:'

/** The name for a key. Programmed anew, it counts anew: `secrets` is a digest of its secrets. */
export function keyCounter(publicId: string, secrets: string): string {
  return `${prefix}${publicId}:${secrets}`
}

/** Whether a record is the counter of a key, and no user's. */
export function isKeyCounter(name: string): boolean {
  return name.startsWith(prefix)
}
