import type { ExecutionContext } from 'ava'
import { ExampleServer } from './example-server.js'
import { startNestjs } from './nestjs-server.js'
import { startNext } from './next-server.js'

/** Every example by its name, and how it starts; undefined: it can't be had here. */
export const examples: Record<string, () => Promise<ExampleServer | undefined>> = {
  express: () => ExampleServer.start('express.mjs'),
  fastify: () => ExampleServer.start('fastify.mjs'),
  hono: () => ExampleServer.start('hono.mjs'),
  'node-http': () => ExampleServer.start('node-http.mjs'),
  nestjs: startNestjs,
  next: startNext,
}

/** Says so, and is no failure. */
export function skipped(t: ExecutionContext): void {
  t.log('SKIPPED: Next.js could not be installed; `npm ci` in examples/next brings it')
  t.pass()
}
