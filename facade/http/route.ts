import type { Requirement } from '../service/assurance.js'
import type { Countersign } from '../service/countersign.js'
import { bodyCheck } from './body.js'
import type { FromOption } from '../service/options.js'
import type { Members } from './body.js'
import type { HeaderList } from './exchange.js'
import type { CheckedUser, HandlerSettings } from './options.js'
import type { ProblemName } from './problem.js'
import { isSecureOn } from './same-origin.js'
import type { Schema } from './schemas.js'

/**
 * Who may use a route.
 *
 * - `anyone`
 * - `signed-in`: a pending sign-in too
 * - `verified`
 * - `fresh`: verified lately
 * - `enrolling`: verified lately, or pending and made to enrol a first factor
 * - `admin`: verified, and an administrator by the host's word
 * - `fresh-admin`: the same, verified lately
 */
export type Access = 'anyone' | 'signed-in' | 'verified' | 'fresh' | 'enrolling' | 'admin' | 'fresh-admin'

/** One request on its way, from anyone. */
export interface Visit {
  countersign: Countersign
  settings: HandlerSettings
  request: Request
  context: unknown
  /** The parts of the path that the route names, decoded. */
  params: Record<string, string>
  query: URLSearchParams
  /** Go with the answer, whatever it is. */
  headers: HeaderList
  user: CheckedUser | null
  /** Where the request comes from, by the host's word. */
  origin: FromOption
  /** What the host requires of an answer of this user. */
  requirement: () => Requirement | Promise<Requirement>
  /** Epoch milliseconds, by the clock of the service. */
  now: number
  /** For routes of enrolment: whether only a first factor may come of it. */
  firstOnly: boolean
}

/** Whether cookies can have the prefix `__Host-`: browsers take it over https alone, so a page on localhost has none. */
export function isSecure({ settings }: Visit): boolean {
  return isSecureOn(settings.rp)
}

/** One request of a user who may make it. */
export interface Call extends Visit {
  user: CheckedUser
  /** For routes of administrators: who acts, by the host's word. */
  by?: string
}

/** One line of the table that routing, access, bodies and the OpenAPI document all come from. */
export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the mount point, as OpenAPI writes it: `/factors/{id}`. */
  path: string
  access: Access
  /** The operation's name, for generated clients. */
  id: string
  summary: string
  params?: Record<string, Schema>
  query?: Record<string, Schema>
  body?: Members<object>
  /** The check of `body`. */
  checkBody: (body: object) => object
  answer: Schema
  /** What may go wrong here, beside what may go wrong anywhere. */
  problems?: ProblemName[]
  run: (call: Call, body: object) => Promise<unknown>
}

interface Definition<A extends Access, B extends object> extends Omit<Route, 'access' | 'body' | 'checkBody' | 'run'> {
  access: A
  body?: Members<B>
  run: (call: A extends 'anyone' ? Visit : Call, body: B) => Promise<unknown>
}

/** A route whose parts fit each other. */
export function route<const A extends Access, B extends object = object>(definition: Definition<A, B>): Route {
  return { ...definition, checkBody: bodyCheck(definition.body ?? ({} as Members<B>)) } as unknown as Route
}
