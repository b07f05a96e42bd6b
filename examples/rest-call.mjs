// A script that calls a protected REST API. Its TOTP secret was shown once, when the script's account enrolled an app with
// `countersign totp add` or in the page. The script reads it from standard input, where no other program sees it:
//
//   SHOP_URL=https://shop.example SHOP_PASSWORD=... node examples/rest-call.mjs < ~/.config/shop.otpauth
import { text } from 'node:stream/consumers'

import { ClientError, createClient } from 'countersign/client'

const shop = process.env.SHOP_URL ?? 'http://localhost:3000'
const client = createClient({ url: `${shop}/countersign`, totp: (await text(process.stdin)).trim() })

try {
  // Your server's route checks the password. The client keeps the session cookie that it sets.
  const password = await client.fetch(`${shop}/password`, post({ name: 'robot', password: process.env.SHOP_PASSWORD }))
  if (!password.ok) throw new Error(`The password was refused: ${password.status}`)
  const { skew } = await client.answer()
  if (Math.abs(skew ?? 0) > 10_000) console.error(`The server's clock differs from ours by ${Math.round(skew / 1000)} s`)

  const orders = await client.fetch(`${shop}/api/orders`)
  console.log(await orders.json())
  // If the server answers `step-up-required`, the client answers a new challenge and sends the request again.
  const refund = await client.fetch(`${shop}/api/refunds`, post({ order: 1 }))
  console.log(await refund.json())
} catch (error) {
  if (!(error instanceof ClientError)) throw error
  console.error(`${error.message} (${error.code})`)
  process.exitCode = error.code === 'locked' ? 3 : 1
}

function post(body) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
