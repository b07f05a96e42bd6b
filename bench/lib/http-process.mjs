// A server of second factors, asked over its channel what CPU it has used and how often it asked its database.
//
// node bench/lib/http-process.mjs KIND STORE USERS
//
// KIND is a module of `servers`, STORE one of `databases.mjs`.
import { createServer } from 'node:http'

import { openDatabase } from './databases.mjs'

const [kind, storeName, users] = process.argv.slice(2)
let ahead = 0
const now = () => Date.now() + ahead
const database = await openDatabase(storeName)
let server

process.on('message', async (message) => {
  if (message.one) {
    const { serve } = await import(`./servers/${kind}.mjs`)
    server = createServer(await serve({ database, one: message.one, users: Number(users), now }))
    server.keepAliveTimeout = 600_000
    server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  } else {
    if (message.ahead) ahead += message.ahead
    if (message.forget) await database.forget()
    process.send({ cpu: process.cpuUsage(), trips: database.trips() })
  }
})
process.once('disconnect', async () => {
  server?.closeAllConnections()
  await database.drop()
  process.exit()
})
