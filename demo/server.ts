import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { parseSealKeys } from 'countersign'
import { openApp } from './app.js'

const port = Number(process.env.PORT ?? 8080)
const directory = process.env.VAR_DIR ?? 'var'
const origin = `http://localhost:${port}`

// With REQUIRED=1 a password alone opens no account: the first sign-in leads to a second factor.
const required = process.env.REQUIRED === '1'
// Behind a proxy or in an office many people have one address: PASSWORDS_PER_ADDRESS says how many it may try in a
// quarter of an hour.
const passwordsPerAddress = Number(process.env.PASSWORDS_PER_ADDRESS || 100)
if (!(passwordsPerAddress >= 1)) {
  console.error('PASSWORDS_PER_ADDRESS takes a number from 1 on.')
  process.exit(1)
}
// YUBICO_KEYS names a JSON file with the secrets of Yubico keys: { "<public id>": { "key": "<hex>", "uid": "<hex>" } }.
const keysFile = process.env.YUBICO_KEYS
const yubicoKeys = keysFile && { yubicoKeys: JSON.parse(await readFile(keysFile, 'utf8')) }
// COUNTERSIGN_KEYS_FILE names a file of keys, as `countersign keys new` makes them: records are sealed then. With
// ACCEPT_PLAIN=1 those that are not yet are read too, until `countersign reseal` has sealed them.
const sealKeys = process.env.COUNTERSIGN_KEYS_FILE
const plain = process.env.ACCEPT_PLAIN === '1' ? 'accept' : 'refuse'
const seal = sealKeys && { seal: { keys: parseSealKeys(await readFile(sealKeys, 'utf8')), plain } as const }
const app = await openApp({ origin, directory, required, passwordsPerAddress, ...yubicoKeys, ...seal })
const server = createServer(app.handle)

server.on('error', async (error: NodeJS.ErrnoException) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is in use: set PORT to another one.` : error.message)
  await app.close()
  process.exit(1)
})
// This machine only: over a network a password needs https.
server.listen(port, 'localhost', () => console.log(`The demo is ready on ${origin}`))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(async () => {
      await app.close()
      process.exit(0)
    })
    server.closeAllConnections()
  })
}
