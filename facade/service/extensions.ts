import { invalid } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Context } from './context.js'
import { checkAuthenticationExtensions, checkRegistrationExtensions } from '../stateless/extensions.js'
import type { ExtensionsJson, UnsolicitedExtensions } from '../stateless/extensions.js'

/** The service offers the keys of an older system by its own setting. */
function without(names: string[], wanted: string, check: Check<ExtensionsJson>): Check<ExtensionsJson> {
  return (value, name) => {
    const checked = check(value, name)
    const given = names.find((member) => checked[member] !== undefined)
    if (given !== undefined) throw invalid(`${name}.${given}`, wanted)
    return checked
  }
}

const byU2f = 'left out: the option u2f of open() sets it'

export const checkServiceRegistration = without(['appidExclude'], byU2f, checkRegistrationExtensions)
export const checkServiceAuthentication = without(['appid'], byU2f, checkAuthenticationExtensions)

/** Of a sign-in where no credential is listed. */
export const checkPasskeyExtensions: Check<ExtensionsJson> = (value, name) => {
  const checked = checkServiceAuthentication(value, name)
  const { prf, largeBlob } = checked as { prf?: object; largeBlob?: object }
  if (prf && 'evalByCredential' in prf) throw invalid(`${name}.prf.evalByCredential`, 'left out where no credential is listed')
  if (largeBlob && 'write' in largeBlob) throw invalid(`${name}.largeBlob.write`, 'left out where no credential is listed')
  return checked
}

/** The rules for the signed outputs of a ceremony. `undefined`: they are all ignored. */
export function rulesOf(
  { settings: { unsolicitedExtensions } }: Context,
  rules: (extensions?: ExtensionsJson, unsolicited?: UnsolicitedExtensions) => string,
  extensions: ExtensionsJson | undefined,
): string | undefined {
  return extensions === undefined && unsolicitedExtensions === undefined ? undefined : rules(extensions, unsolicitedExtensions)
}
