import { problems, refusalReasons } from './problem.js'
import type { ProblemName } from './problem.js'
import type { Access, Route } from './route.js'
import { object, schemas, unlocking } from './schemas.js'
import type { Schema } from './schemas.js'

/** The OpenAPI 3.1 document of the routes, mounted at `basePath`. */
export function openApi(routes: readonly Route[], basePath: string): Schema {
  const paths: Record<string, Schema> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign',
      version: '1.0.0',
      license: { name: 'MIT OR Apache-2.0' },
      description:
        'Second factors: sign-in, step-up, enrolment, management. The session of the site that mounts this API says ' +
        'which user sends a request. A request that changes something must have the content type ' +
        '`application/json` (send at least `{}`). In a browser it must come from a page of the site itself. ' +
        'Errors are problem details (RFC 9457).',
    },
    servers: [{ url: basePath || '/' }],
    paths,
    components: { schemas: { ...schemas, Problem: problemSchema } },
  }
}

function operation(route: Route): Schema {
  const { id, summary, answer, params = {}, query = {}, body } = route
  const named = (place: string, required: boolean) => ([name, schema]: [string, Schema]) => {
    const { description, ...rest } = schema
    return { name, in: place, required, ...(description !== undefined && { description }), schema: rest }
  }
  const parameters = [
    ...Object.entries(params).map(named('path', true)),
    ...Object.entries(query).map(named('query', false)),
  ]
  return {
    operationId: id,
    summary,
    description: whoMay[route.access],
    ...(parameters.length > 0 && { parameters }),
    ...(route.method !== 'GET' && { requestBody: content('application/json', bodySchema(body)) }),
    responses: { 200: { description: 'Done.', ...content('application/json', answer) }, ...refusals(route) },
  }
}

function bodySchema(body: Route['body'] = {}): Schema {
  const members = Object.entries(body) as [string, { schema: Schema; required: boolean }][]
  const pick = (required: boolean) =>
    Object.fromEntries(members.flatMap(([name, one]) => (one.required === required ? [[name, one.schema]] : [])))
  return object(pick(true), pick(false))
}

/** One response for each status, which says the problems that it may be. */
function refusals(route: Route): Schema {
  const byStatus = new Map<number, ProblemName[]>()
  for (const name of problemsOf(route)) {
    const [status] = problems[name]
    byStatus.set(status, [...(byStatus.get(status) ?? []), name])
  }
  const entries = [...byStatus].map(([status, names]) => {
    const description = names.map((name) => `\`${name}\`: ${problems[name][1]}.`).join(' ')
    const type = { properties: { type: { enum: names.map((name) => `urn:countersign:problem:${name}`) } } }
    const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, type] }
    const headers = names.includes('locked') && { headers: { 'Retry-After': retryAfter } }
    return [status, { description, ...headers, ...content('application/problem+json', schema) }]
  })
  return Object.fromEntries(entries)
}

function problemsOf({ method, access, params, problems: own = [] }: Route): Set<ProblemName> {
  return new Set<ProblemName>([
    ...(method === 'GET' ? [] : changeProblems),
    ...(params ? (['not-found'] as const) : []),
    ...accessProblems[access],
    ...own,
    'internal',
    'unavailable',
  ])
}

const retryAfter = {
  description: 'With `locked`: in how many seconds, if the lock ends by itself.',
  schema: { type: 'integer', minimum: 1 },
}

const changeProblems = [
  'malformed-request',
  'wrong-origin',
  'request-timeout',
  'payload-too-large',
  'unsupported-media-type',
] as const

const whoMay: Record<Access, string> = {
  anyone: 'For anyone.',
  'signed-in': 'For a pending sign-in and for signed-in users.',
  verified: 'For signed-in users.',
  fresh: 'For signed-in users after a fresh verification.',
  enrolling: 'For signed-in users after a fresh verification, and for a pending sign-in that must enrol first.',
  admin: 'For administrators.',
  'fresh-admin': 'For administrators after a fresh verification, never for their own account.',
}

const accessProblems: Record<Access, ProblemName[]> = {
  anyone: [],
  'signed-in': ['not-signed-in'],
  verified: ['not-signed-in', 'second-factor-required'],
  fresh: ['not-signed-in', 'second-factor-required', 'step-up-required'],
  enrolling: ['not-signed-in', 'second-factor-required', 'step-up-required'],
  admin: ['malformed-request', 'not-signed-in', 'second-factor-required', 'not-an-administrator'],
  'fresh-admin': ['not-signed-in', 'second-factor-required', 'not-an-administrator', 'step-up-required', 'own-account'],
}

const problemSchema = object(
  {
    type: { enum: Object.keys(problems).map((name) => `urn:countersign:problem:${name}`) },
    title: { type: 'string' },
    status: { type: 'integer' },
  },
  {
    detail: { type: 'string', description: 'The member of the request that is wrong.' },
    ok: { const: false },
    reason: { enum: refusalReasons, description: 'The request was understood and refused.' },
    ...unlocking,
  },
)

function content(type: string, schema: Schema): Schema {
  return { content: { [type]: { schema } } }
}
