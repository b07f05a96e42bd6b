// What sealing costs: whole sign-ins with a code and with a key on the memory store, with and without sealed records, in turn.
import { interleave, median } from './lib/interleave.mjs'
import { SignIns } from './lib/sign-ins.mjs'

export async function sealing({ users = 1000, ...options }) {
  const processes = {
    plain: new SignIns(['memory', String(users)]),
    sealed: new SignIns(['sealed-memory', String(users)]),
  }
  try {
    const results = {}
    for (const way of ['totp', 'webauthn']) {
      const contenders = {}
      for (const [kind, one] of Object.entries(processes)) {
        await one.ready
        contenders[kind] = {
          measure: async (count) => median(await one.ask({ task: 'one', way, count })) * count * 1000,
        }
      }
      results[way] = await interleave(contenders, options)
    }
    return results
  } finally {
    for (const one of Object.values(processes)) one.end()
  }
}
