import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { parseSealKeys } from 'countersign'
import { openApp } from './app.js'

const port = Number(process.env.PORT ?? 8080)
const directory = process.env.VAR_DIR ?? 'var'
const origin = `http://localhost:${port}`

// With REQUIRED=1, every user must set up a second factor at the first sign-in.
const required = process.env.REQUIRED === '1'
// How many passwords an address may try in 15 minutes. Behind a proxy or in an office, many people share one address.
const passwordsPerAddress = Number(process.env.PASSWORDS_PER_ADDRESS || 100)
if (!(passwordsPerAddress >= 1)) {
  console.error('PASSWORDS_PER_ADDRESS must be a number of at least 1.')
  process.exit(1)
}
// YUBICO_KEYS is the path of a JSON file with the secrets of Yubico keys: { "<public id>": { "key": "<hex>", "uid": "<hex>" } }.
const keysFile = process.env.YUBICO_KEYS
const yubicoKeys = keysFile && { yubicoKeys: JSON.parse(await readFile(keysFile, 'utf8')) }
// COUNTERSIGN_KEYS_FILE is the path of a file of keys, which `countersign keys new` makes. Records are then sealed. With
// ACCEPT_PLAIN=1, records that aren't sealed are still read, until `countersign reseal` has sealed them.
const sealKeys = process.env.COUNTERSIGN_KEYS_FILE
const plain = process.env.ACCEPT_PLAIN === '1' ? 'accept' : 'refuse'
const seal = sealKeys && { seal: { keys: parseSealKeys(await readFile(sealKeys, 'utf8')), plain } as const }
const app = await openApp({ origin, directory, required, passwordsPerAddress, ...yubicoKeys, ...seal })
const server = createServer(app.handle)

server.on('error', async (error: NodeJS.ErrnoException) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is in use. Set PORT to another one.` : error.message)
  await app.close()
  process.exit(1)
})
// Only for this machine: over a network, passwords need https.
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
