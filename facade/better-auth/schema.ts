import { betterAuthTables } from '../stores/better-auth-tables.js'

/** What the plugin adds to the tables of better-auth. Clients can't set it. */
export const fields = {
  user: { fields: { countersignEnrolled: { type: 'boolean', required: false, defaultValue: false, input: false } } },
  session: {
    fields: {
      countersignAt: { type: 'date', required: false, input: false },
      countersignAssurance: { type: 'string', required: false, input: false },
    },
  },
} as const

export const schema = { ...fields, ...betterAuthTables } as const
