// better-auth with node:http: `DATABASE_URL=postgres://... PORT=3000 node examples/better-auth.mjs`
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { countersign } from 'countersign/better-auth'
import { Pool } from 'pg'

const port = Number(process.env.PORT ?? 3000)
const origin = `http://localhost:${port}`

export const auth = betterAuth({
  baseURL: origin,
  secret: process.env.BETTER_AUTH_SECRET ?? 'only for this example, on this machine',
  database: new Pool({ connectionString: process.env.DATABASE_URL }),
  emailAndPassword: { enabled: true },
  plugins: [
    countersign({
      rp: { id: 'localhost', name: 'Example', origins: [origin] },
      page: '/two-step',
    }),
  ],
})

const { runMigrations } = await getMigrations(auth.options)
await runMigrations()

const handler = toNodeHandler(auth)
const server = createServer((req, res) => {
  if (req.url.startsWith('/api/auth/')) return handler(req, res)
  // Your pages.
  res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html lang="en"><title>Example</title><h1>Example</h1>')
})
server.listen(port, 'localhost', () => console.log(origin))
