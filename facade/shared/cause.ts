/** Deeper than any driver nests its errors. */
const maxDepth = 8
const maxErrors = 32

const kept = ['name', 'message', 'stack', 'code', 'cause', 'errors']

/**
 * What was thrown, as it may be shown: message, stack, `name`, `code`, and so its `cause` and an `AggregateError`'s
 * `errors`. Anything else that a driver attaches goes, since it may be the statement with the record in it. An error
 * without attachments comes back as it is.
 *
 * @param secrets texts that were passed to what threw: parts of these are taken out of messages as well
 */
export function presentable(thrown: unknown, secrets: readonly string[] = [], depth = 0): unknown {
  try {
    if (typeof thrown === 'string') return withoutParts(thrown, secrets)
    if (typeof thrown === 'function') return undefined
    if (typeof thrown !== 'object' || thrown === null) return thrown
    return depth < maxDepth ? copyOf(thrown, secrets, depth) : undefined
  } catch {
    // A getter that throws, or a proxy.
    return new Error("an error that can't be read")
  }
}

function copyOf(thrown: object, secrets: readonly string[], depth: number): unknown {
  const { name, message, stack, code, cause, errors } = thrown as Record<string, unknown>
  const text = typeof message === 'string' ? withoutParts(message, secrets) : ''
  const trace = typeof stack === 'string' ? withoutParts(stack, secrets) : undefined
  const inner = presentable(cause, secrets, depth + 1)
  const list = Array.isArray(errors) ? errors.slice(0, maxErrors) : undefined
  const each = list?.map((one) => presentable(one, secrets, depth + 1))
  const isPlain = thrown instanceof Error && Reflect.ownKeys(thrown).every((key) => kept.includes(key as string))
    && (code === undefined || isShort(code)) && (errors === undefined || list?.length === (errors as unknown[]).length)
  const isSame = text === (message ?? '') && trace === stack && inner === cause && (each ?? []).every((one, index) => one === list?.[index])
  if (isPlain && isSame) return thrown
  const copy = new Error(text)
  // What it is an instance of, for a host that asks; the name is inherited with it.
  if (thrown instanceof Error) Object.setPrototypeOf(copy, Object.getPrototypeOf(thrown) as object)
  hidden(copy, 'stack', trace)
  if (Object.hasOwn(thrown, 'name') && isShort(name)) hidden(copy, 'name', name)
  if (inner !== undefined) hidden(copy, 'cause', inner)
  if (each !== undefined) hidden(copy, 'errors', each)
  return isShort(code) ? Object.assign(copy, { code }) : copy
}

function hidden(on: object, name: string, value: unknown): void {
  Object.defineProperty(on, name, { value, configurable: true, writable: true })
}

const isShort = (value: unknown): value is string | number =>
  typeof value === 'number' || (typeof value === 'string' && value.length <= 64)

/** Longer than most words; the shortest secret that is told from one. */
export const leastPart = 8

/** Messages of some drivers quote the whole statement with its parameters. */
function withoutParts(text: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return text
  const whole = secrets.filter((secret) => secret.length >= leastPart)
  const plain = whole.reduce((left, secret) => left.replaceAll(secret, () => '[removed]'), text)
  const values = secrets.map(valuesOf).join('\n')
  return plain.replaceAll(/[\w+/-]+/g, (run) => (run.length >= leastPart && values.includes(run) ? '[removed]' : run))
}

/** The texts in a record, without the names of its members, which are no secret and in many messages. */
function valuesOf(secret: string): string {
  const values: string[] = []
  try {
    JSON.parse(secret, (_name, value: unknown) => {
      if (typeof value === 'string') values.push(value)
      return value
    })
  } catch {
    return secret
  }
  return values.join('\n')
}
