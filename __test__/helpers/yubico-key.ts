import { createCipheriv } from 'node:crypto'

/** A software YubiKey and its secrets. */
export const publicId = 'cccccccdjiii'
export const key: Buffer = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
export const uid: Buffer = Buffer.from('010203040506', 'hex')

/** What it types. */
export function otp(use: number, session: number, from = publicId, privateId = uid): string {
  const block = Buffer.concat([privateId, Buffer.of(use & 255, use >> 8, 1, 0, 1, session, 0x5a, 0xa5)])
  let crc = 0xffff
  for (const byte of block) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x8408 : 0)
  }
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
  const sealed = cipher.update(Buffer.concat([block, Buffer.of(~crc & 255, (~crc >> 8) & 255)]))
  return from + sealed.toString('hex').replace(/./g, (digit) => 'cbdefghijklnrtuv'[parseInt(digit, 16)]!)
}

