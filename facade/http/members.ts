import { description, entryId, flag, listOf, oneOf, optional as absent } from '../shared/check.js'
import type { Member } from './body.js'

/** What the service itself examines: a code, an answer, a response. Anything else is refused as `malformed` there. */
export const outside = (description: string, schema = {}): Member<unknown> => ({
  schema: { description, ...schema },
  check: (value) => value,
  required: true,
})

export const factorDescription: Member<string> = {
  schema: { type: 'string', maxLength: 255, description: 'What the person calls it; no control characters, no bidirectional controls, no tag characters.' },
  check: description,
  required: true,
}

export const boolean = (description: string): Member<boolean> => ({
  schema: { type: 'boolean', description },
  check: flag,
  required: true,
})

export const choice = <const T extends string>(description: string, ...values: T[]): Member<T> => ({
  schema: { enum: values, description },
  check: oneOf(...values),
  required: true,
})

export const ids = (description: string): Member<string[]> => ({
  schema: { type: 'array', maxItems: 1000, items: { type: 'string' }, description },
  check: listOf(entryId, { max: 1000 }),
  required: true,
})

export const optional = <T>({ schema, check }: Member<T>): Member<T | undefined> => ({
  schema,
  check: absent(check),
  required: false,
})
