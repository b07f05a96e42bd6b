import test from 'ava'

import { entries } from './attacks/attack.js'
import { recoveryAttacks } from './attacks/recovery.js'
import { totpAttacks } from './attacks/totp.js'
import { webauthnAttacks } from './attacks/webauthn.js'
import { memoryStore } from '../../facade/stores/index.js'
import { sealedStore } from '../helpers/sealed.js'
import { stores } from '../helpers/stores.js'

const sealed = { 'memory, sealed': async () => sealedStore(memoryStore()) }

for (const [store, makeStore] of Object.entries({ ...stores, ...sealed })) {
  for (const attack of [...totpAttacks, ...recoveryAttacks]) {
    for (const [entry, enter] of Object.entries(entries)) {
      // An attack that types no code is the same at every entry.
      if (attack.run.length < 3 && entry !== 'sign-in, object') continue
      test(`${store}, ${entry}: ${attack.name}`, (t) => attack.run(t, makeStore, enter))
    }
  }
  for (const attack of webauthnAttacks) {
    test(`${store}: ${attack.name}`, (t) => attack.run(t, makeStore, entries['sign-in, object']!))
  }
}
