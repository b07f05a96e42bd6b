import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'

import { errorCodes } from '../shared/errors.js'
import { webauthnReasons } from '../stateless/webauthn-reason.js'
import { auditChannel } from './audit-writer.js'
import type { AuditResult } from './audit-writer.js'
import { callChannel, callMethods, codeOf } from './calls.js'
import type { TracedCall } from './calls.js'
import { eventChannel, eventTypes } from './event.js'
import type { CountersignEvent } from './event.js'

/** Counters of all services in this process, since it was called. */
export interface Metrics extends Disposable {
  /** The counters in the text format of Prometheus (version 0.0.4; also valid OpenMetrics but for its last line). */
  text(): string
  /** Ends the counting. */
  close(): void
}

/** The `content-type` of {@link Metrics.text}. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Counts calls and events of every service in this process. Labels have values out of fixed lists only: they name no user,
 * and clients can't make new ones.
 *
 * @example
 * const metrics = collectMetrics()
 * app.get('/metrics', (req, res) => res.type(metricsType).send(metrics.text()))
 */
export function collectMetrics(): Metrics {
  const counters = {
    calls: new Counter('countersign_calls_total', 'Calls of the service, by how they ended.', ['method', 'result', 'reason']),
    events: new Counter('countersign_events_total', 'Events of the service.', ['type', 'factor', 'reason']),
    audit: new Counter('countersign_audit_entries_total', 'Entries for the audit log, by what became of them.', ['result']),
  }
  const ended = (call: unknown) => {
    const { method, result, error } = call as TracedCall
    const labels = error !== undefined || result === undefined
      ? ['error', known(codes, codeOf(error))]
      : [result.result, known(outcomes, result.reason)]
    counters.calls.add([known(methods, method), ...labels])
  }
  const happened = (message: unknown) => {
    const { type, factor, reason } = message as CountersignEvent
    counters.events.add([known(types, type), known(factorTypes, factor?.type), known(reasons, reason)])
  }
  const audited = (message: unknown) => counters.audit.add([(message as AuditResult).result])
  const calls = tracingChannel(callChannel)
  // A call that rejects ends here too.
  calls.asyncEnd.subscribe(ended)
  subscribe(eventChannel, happened)
  subscribe(auditChannel, audited)
  const close = () => {
    calls.asyncEnd.unsubscribe(ended)
    unsubscribe(eventChannel, happened)
    unsubscribe(auditChannel, audited)
  }
  return {
    text: () => Object.values(counters).map((counter) => counter.text()).join(''),
    close,
    [Symbol.dispose]: close,
  }
}

/** Reasons of events that are none of a ceremony. docs/troubleshooting.md and docs/events.md say what they mean. */
export const eventReasons = [
  'wrong-code', 'code-reused', 'locked', 'malformed', 'no-such-factor', 'not-supported', 'key-missing', 'unknown-key',
  'challenge-missing', 'challenge-mismatch', 'verification-not-established', 'credential-taken', 'already-enrolled', 'not-first',
  'factor-limit', 'requirement-unmet', 'authenticator-refused',
  'wrong-origin', 'mount-path', 'at-in-seconds', 'session-not-saved', 'clock', 'public-suffix', 'audit-failed',
] as const

const methods = new Set<string>(callMethods)
const codes = new Set<string>(errorCodes)
const types = new Set<string>(eventTypes)
const reasons = new Set<string>([...eventReasons, ...webauthnReasons])
const factorTypes = new Set(['totp', 'webauthn', 'u2f', 'recovery', 'yubico', 'unknown'])
const outcomes = new Set([
  'rejected', 'malformed', 'locked', 'already-enrolled', 'authenticator-refused', 'unknown-key', 'not-first', 'factor-limit', 'no-such-factor',
  'last-factor', 'not-changeable', 'other-factors', 'user-handle-taken', 'credential-taken', 'description', 'key',
  'record-too-large',
])

/** The value of a label: empty for none, `other` for what is not in the list. */
function known(list: ReadonlySet<string>, value: string | undefined): string {
  if (value === undefined) return ''
  return list.has(value) ? value : 'other'
}

class Counter {
  readonly #counts = new Map<string, number>()

  constructor(
    readonly name: string,
    readonly help: string,
    readonly labels: readonly string[],
  ) {}

  add(values: readonly string[]): void {
    const key = this.labels.map((label, index) => `${label}="${values[index] ?? ''}"`).join(',')
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  text(): string {
    const lines = [...this.#counts].map(([labels, count]) => `${this.name}{${labels}} ${count}\n`)
    return `# HELP ${this.name} ${this.help}\n# TYPE ${this.name} counter\n${lines.sort().join('')}`
  }
}
