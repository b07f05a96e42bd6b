import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { openApi } from '../../facade/http/open-api.js'
import { routes } from '../../facade/http/routes.js'

/** The document that every handler serves, at the root. */
export const document = openApi(routes, '') as any

const ajv = new Ajv2020({ strict: false, allErrors: true })
ajv.addSchema({ $id: 'document', ...document })
const validators = new Map<string, ValidateFunction>()

/** Throws unless an answer is one that the document promises for its path. */
export function checkConformance(method: string, path: string, status: number, type: string, body: unknown): void {
  const place = `${method} ${path} ${status}`
  const found = Object.keys(document.paths).filter((pattern) => matches(pattern, path)).sort()[0]
  const operation = document.paths[found ?? '']?.[method.toLowerCase()]
  // What no operation answers is a problem like any other.
  const at = operation?.responses[status]
    ? `/paths/${escaped(found!)}/${method.toLowerCase()}/responses/${status}/content/${escaped(type)}/schema`
    : '/components/schemas/Problem'
  if (operation && !operation.responses[status]) throw new Error(`${place} is not in the document`)
  if (!operation && ![404, 405].includes(status)) throw new Error(`${place} has no operation`)
  const validate = validators.get(at) ?? ajv.compile({ $ref: `document#${at}` })
  validators.set(at, validate)
  if (!validate(body)) throw new Error(`${place}: ${ajv.errorsText(validate.errors)}`)
}

function matches(pattern: string, path: string): boolean {
  const [names, parts] = [pattern.split('/'), path.split('/')]
  return names.length === parts.length && names.every((name, at) => name.startsWith('{') || name === parts[at])
}

function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
}
