/**
 * The tables of {@link betterAuthStore}, as a `schema` of a better-auth plugin. Keys are hashes in hexadecimal digits, so
 * that no collation takes two of them for one, and times are digits of one length, so that they compare as texts.
 */
export const betterAuthTables = {
  countersignRecord: {
    fields: {
      /** Of the user. */
      key: { type: 'string', required: true, unique: true },
      user: { type: 'string', required: true },
      /** Absent while claims are taken for the first record of a user. */
      record: { type: 'string', required: false },
      /** The keys of the claims that count, apart by blanks. */
      claims: { type: 'string', required: true },
      /** The key of the handle, which is a claim that each change gives anew. */
      handle: { type: 'string', required: false },
      version: { type: 'number', required: true },
    },
  },
  countersignClaim: {
    fields: {
      key: { type: 'string', required: true, unique: true },
      /** The key of a record. */
      owner: { type: 'string', required: true, index: true },
      generation: { type: 'number', required: true },
    },
  },
  countersignChallenge: {
    fields: {
      /** Of the key and the id together. */
      entry: { type: 'string', required: true, unique: true },
      key: { type: 'string', required: true, index: true },
      purpose: { type: 'string', required: true },
      data: { type: 'string', required: true },
      /** Epoch milliseconds. */
      expires: { type: 'string', required: true, index: true },
      /** The lowest is the oldest. */
      place: { type: 'string', required: true },
    },
  },
} as const
