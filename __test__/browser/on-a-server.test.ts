// The page's entries where there is no page: a framework renders on the server first.
import test from 'ava'

const load = (entry: string) => import(entry) as Promise<Record<string, unknown>>

test('every entry of the page can be imported on a server, and its functions called', async (t) => {
  const browser = await load('countersign/browser')
  t.is((browser['supported'] as () => unknown)(), false)
  const expected: Record<string, unknown> = {
    conditionalSupported: false, conditionalCreateSupported: false, immediateSupported: false, signalAllAcceptedCredentials: false,
    signalCurrentUserDetails: false, signalUnknownCredential: false,
  }
  for (const [name, call] of Object.entries(browser)) {
    if (typeof call !== 'function' || name === 'supported' || name === 'CeremonyError') continue
    const called = (call as (options: object) => Promise<unknown>)({})
    if (name in expected) t.is(await called, expected[name], name)
    else await t.throwsAsync(called, { name: 'CeremonyError', code: 'not-supported' }, name)
  }
  const ui = await load('countersign/browser/ui')
  for (const name of ['CountersignSignIn', 'CountersignSettings']) t.is(typeof ui[name], 'function')
  t.is(await (ui['stepUp'] as () => unknown)(), false)
  const flow = await load('countersign/browser/flow')
  const signIn = (flow['createSecondFactor'] as () => { state: object; refresh: () => Promise<void>; end: () => void })()
  t.deepEqual(signIn.state, { step: 'loading' })
  signIn.end()
  for (const name of ['SignIn', 'Settings', 'useSecondFactor']) t.truthy((await load('countersign/react'))[name], name)
  t.deepEqual(Object.keys(await load('countersign/browser/jsx')), [])
})
