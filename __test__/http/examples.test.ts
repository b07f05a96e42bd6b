// The handler mounted in servers that people have: each example is run as it stands.
import test from 'ava'
import { ExampleServer } from './example-server.js'
import { everyFlow } from './flow.js'

for (const file of ['express.mjs', 'fastify.mjs', 'hono.mjs', 'node-http.mjs']) {
  test(`${file}`, async (t) => {
    const server = await ExampleServer.start(file)
    t.teardown(() => server.stop())
    await everyFlow(t, server.origin)
    t.is(server.complaints, '')
  })
}
