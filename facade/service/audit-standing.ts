import { isCountersignError } from '../shared/errors.js'
import { jsonText } from '../shared/json.js'
import type { Context } from './context.js'
import type { Status } from './outcome.js'

/** What an audit log has to know of a user whose answer was refused: `locked` if any type of code is. */
export type Standing = 'unknown' | 'locked' | 'open'

export async function standingOf(context: Context, user: string): Promise<Standing> {
  try {
    const record = await context.read(user)
    if (record === null) return 'unknown'
    const now = context.now()
    const request = jsonText({ now, u2f: context.settings.u2f })
    const { locked } = context.answer<Status>(user, now, () => context.service().status(record, request)).value
    return locked.length > 0 ? 'locked' : 'open'
  } catch (error) {
    // A record that can't be opened is one, too.
    return isCountersignError(error) ? 'open' : 'unknown'
  }
}
