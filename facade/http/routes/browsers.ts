import { tokenOf } from '../remembered-browser.js'
import { route } from '../route.js'
import { list, object, ref } from '../schemas.js'

const forgotten = object({ forgotten: { type: 'integer', description: 'The number of browsers that were forgotten.' } })

/** Where the host lets browsers be remembered. To forget one takes a proof away, so it needs no fresh one. */
export const browserRoutes = [
  route({
    method: 'GET',
    path: '/browsers',
    access: 'verified',
    id: 'getBrowsers',
    summary: 'Returns the remembered browsers of the user, the one used last first',
    answer: object({ browsers: list(ref('Browser')) }),
    run: async (call) => {
      const { countersign, user, settings: { rp } } = call
      return { browsers: await countersign.browsers(user.id, { browser: tokenOf(call), rp }) }
    },
  }),

  route({
    method: 'DELETE',
    path: '/browsers/{id}',
    access: 'verified',
    id: 'forgetBrowser',
    summary: 'Forgets a browser: the next sign-in there needs a factor',
    params: { id: { type: 'string', description: 'The id of a browser.' } },
    answer: forgotten,
    run: async ({ countersign, user, origin, params: { id = '' } }) => ({
      forgotten: Number(await countersign.forgetBrowser(user.id, id, origin)),
    }),
  }),

  route({
    method: 'DELETE',
    path: '/browsers',
    access: 'verified',
    id: 'forgetBrowsers',
    summary: 'Forgets all browsers of the user',
    answer: forgotten,
    run: async ({ countersign, user, origin }) => ({ forgotten: await countersign.forgetBrowsers(user.id, origin) }),
  }),
]
