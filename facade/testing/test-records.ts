import { strangeRecords } from './strange-texts.js'

/** Records for tests: each holds a number, or a long text. */
export interface TestRecords {
  of(n: number): string
  numberOf(record: string): number
  long(text: string): string
  strange: string[]
}

/** A store's promise is to keep any text. */
export const anyTexts: TestRecords = {
  of: (n) => JSON.stringify({ n }),
  numberOf: (record) => (JSON.parse(record) as { n: number }).n,
  long: (text) => JSON.stringify(text),
  strange: strangeRecords,
}

const described = (description: string): string =>
  JSON.stringify({ yubico: [{ id: 'any', description, created: 0, entry: 'cccccccccccc' }] })

/** Records as the core writes them. */
export const coreRecords: TestRecords = {
  of: (n) => described(`n=${n}`),
  numberOf: (record) => Number((JSON.parse(record) as Described).yubico[0].description.slice(2)),
  long: described,
  strange: [described(`é e\u0301 🔑 \u2028\u2029 \ufeff \ufffd ' " \\ $1 %s \u0001`)],
}

interface Described {
  yubico: [{ description: string }]
}
