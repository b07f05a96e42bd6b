// Verifies one TOTP code, right or wrong, with window 1: this package, other libraries, and the bare HMACs that each of them needs.
import { createHmac } from 'node:crypto'

import { totpCode, verifyTotp } from 'countersign/totp'

import { interleave } from './lib/interleave.mjs'
import { otpauth, otplib, speakeasy } from './rivals/index.mjs'

/** @returns the results for `wrong` and for `right` */
export async function codes(native, options) {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const at = Date.UTC(2027, 0, 15, 8)
  const epoch = at / 1000
  const key = Buffer.from('12345678901234567890')
  const token = new otpauth.TOTP({ secret: otpauth.Secret.fromBase32(secret) })
  const key32 = { secret, encoding: 'base32' }
  const results = {}
  for (const [name, code, ok] of [['wrong', '000000', false], ['right', totpCode({ secret }, at), true]]) {
    const expect = (answer) => {
      if (answer !== ok) throw new Error(`${name}: ${answer}`)
    }
    results[name] = await interleave(
      {
        countersign: () => expect(verifyTotp({ secret, code, at }) !== null),
        'three bare node:crypto HMACs': () => {
          for (let step = -1; step <= 1; step += 1) {
            const counter = Buffer.alloc(8)
            counter.writeUInt32BE(Math.floor(epoch / 30) + step, 4)
            if (createHmac('sha1', key).update(counter).digest().length !== 20) throw new Error('no digest')
          }
        },
        'three bare aws-lc-rs HMACs': native.work('bare-hmac3'),
        'core alone': native.work('totp'),
        'core alone, in a record of one app': native.work('code-totp-of-one-app'),
        'core alone, in a record of three factors': native.work('code-totp'),
        otpauth: () => expect(token.validate({ token: code, timestamp: at, window: 1 }) !== null),
        otplib: () => expect(otplib.verifySync({ secret, token: code, epoch, epochTolerance: 30 }).valid),
        speakeasy: () => expect(speakeasy.totp.verify({ ...key32, token: code, time: epoch, window: 1 })),
      },
      options,
    )
  }
  return results
}
