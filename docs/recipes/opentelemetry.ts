// A span for each call of Countersign, and a counter of its events, for OpenTelemetry:
//
//   import { metrics, trace } from '@opentelemetry/api'
//   instrumentCountersign(trace.getTracer('countersign'), metrics.getMeter('countersign'))
//
// Run it once, after the SDK has started. A span is a child of the one that is active when the call begins.
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'

import { callChannel, eventChannel } from 'countersign'
import type { CountersignError, CountersignEvent, TracedCall } from 'countersign'

/** What it needs of `Tracer` in `@opentelemetry/api`. */
export interface Tracer {
  startSpan(name: string, options: { attributes: Record<string, string> }): Span
}

export interface Span {
  setAttribute(name: string, value: string): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(): void
}

/** What it needs of `Meter`. */
export interface Meter {
  createCounter(name: string, options: { description: string }): { add(value: number, attributes: Record<string, string>): void }
}

/** `SpanStatusCode.ERROR` */
const failed = 2

/** @returns ends it */
export function instrumentCountersign(tracer: Tracer, meter: Meter): () => void {
  const spans = new WeakMap<object, Span>()
  const calls = tracingChannel<unknown, TracedCall>(callChannel)
  const started = (message: unknown) => {
    const call = message as TracedCall
    spans.set(call, tracer.startSpan(`countersign.${call.method}`, { attributes: { 'countersign.method': call.method } }))
  }
  const ended = (message: unknown) => {
    const { result, error } = message as TracedCall
    const span = spans.get(message as object)
    if (!span) return
    // A refusal is no error: the call has done its work.
    span.setAttribute('countersign.result', error === undefined ? (result?.result ?? 'ok') : 'error')
    if (result?.reason !== undefined) span.setAttribute('countersign.reason', result.reason)
    if (error !== undefined) {
      const { code } = error as CountersignError
      span.setAttribute('error.type', code)
      span.setStatus({ code: failed, message: code })
    }
    span.end()
  }
  const counter = meter.createCounter('countersign.events', { description: 'Events of Countersign' })
  const happened = (message: unknown) => {
    const { type, factor, reason } = message as CountersignEvent
    counter.add(1, {
      'countersign.event': type,
      ...(factor && { 'countersign.factor': factor.type }),
      ...(reason !== undefined && { 'countersign.reason': reason }),
    })
  }
  calls.start.subscribe(started)
  calls.asyncEnd.subscribe(ended)
  subscribe(eventChannel, happened)
  return () => {
    calls.start.unsubscribe(started)
    calls.asyncEnd.unsubscribe(ended)
    unsubscribe(eventChannel, happened)
  }
}
