/** Ids that have broken a file name, a query, a key or a comparison somewhere; `id` makes each of them unique. */
export const strangeIds: ((id: string) => string)[] = [
  (id) => `../../../${id}`,
  (id) => `/etc/${id}`,
  (id) => `C:\\${id}`,
  (id) => `${id}.`,
  (id) => `${id} `,
  (id) => ` ${id}`,
  (id) => `${id}\n{"user":"root"}`,
  (id) => `${id}\r\n`,
  (id) => `${id}\t`,
  (id) => `'; DROP TABLE users; --${id}`,
  (id) => `"${id}"`,
  (id) => `{${id}}`,
  (id) => `${id}:*?[a-z]%_`,
  (id) => `$1 \${${id}} $(id)`,
  (id) => `__proto__ ${id}`,
  (id) => `${id}\u0001\u001f\u007f`,
  (id) => `${id}\u2028\u2029\ufeff\ufffd\uffff`,
  (id) => `\u202e${id}`,
  (id) => `${id}é`,
  (id) => `${id}e\u0301`,
  (id) => `${id}🔑`,
  (id) => `${id}ſ`,
  (id) => `${id}K`,
  (id) => id.padEnd(256, 'x'),
  (id) => `${id}${'🗝'.repeat(55)}`,
]

/** Ids without anything unique in them. */
export const knownIds = ['../../etc/passwd', 'CON', '.', '..', '0', '-1', '__proto__', 'constructor', '🔑'.repeat(63)]

/** Texts that have to come back character by character. */
export const strangeRecords = [
  '{}',
  ' {"a": 1 , "b":[ ]}\n',
  '{"__proto__":{"x":1},"a":1,"a":2}',
  '{"n":12345678901234567890,"f":1.0,"e":1e400}',
  '{"text":"\\ud800 \\u0000 \\/"}',
  `{"text":"é e\u0301 🔑 \u2028\u2029 \ufeff \ufffd ' \\" \\\\ $1 %s"}`,
  '\n\r\n\t{"line":\n1}\r\n',
]
