// Nothing but a body that is read, and one that is answered.
import { rp } from '../population.mjs'
import { read, send } from './plain-json.mjs'

const challenge = { challenge: { id: 'x'.repeat(43), totp: true, webauthn: { challenge: 'x'.repeat(43), rpId: rp.id, allowCredentials: [] } } }

export async function serve() {
  return async (req, res) => {
    JSON.parse(await read(req))
    send(res, req.url === '/countersign/challenge' ? challenge : { ok: true })
  }
}
