import type { Refused } from '../service/outcome.js'
import type { Verification } from './options.js'

/** Whether all other sessions of a user end: they have proved the first factor alone, or may be on a device that is lost. */
export function endsOthers({ purpose, factor }: Exclude<Verification, Refused>): boolean {
  return purpose === 'enrolment' || purpose === 'reset' || factor?.type === 'recovery'
}
