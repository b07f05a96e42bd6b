'use client'
import type * as React from 'react'
import type { CountersignEvents, CountersignSettings, CountersignSignIn, Texts } from '../ui/index.js'
import '../ui/index.js'
import { react, useBeforePaint, useIsInBrowser } from './react.js'

/** Props of both components. Those of any HTML element, such as `className`, `lang` or `style`, go to the element. */
export interface ElementProps extends Pick<React.HTMLAttributes<HTMLElement>, 'className' | 'dir' | 'hidden' | 'id' | 'lang' | 'style'> {
  /** Where `countersign/http` is mounted. Default `/countersign`. */
  base?: string | undefined
  /** Level of the headings, 1 to 6. Default 2. */
  headingLevel?: number | undefined
  /** Takes the focus when it appears. */
  autoFocus?: boolean | undefined
  /** Replace some texts, or all. */
  texts?: Partial<Texts> | undefined
  /** What a browser without JavaScript shows, if the server rendered the page. */
  noScript?: React.ReactNode
  /** The session has ended in the meantime. */
  onSignedOut?: Listener<'countersign-signed-out'>
  /** Something was added, changed or removed. */
  onChanged?: Listener<'countersign-changed'>
}

/** Props of {@link SignIn}. */
export interface SignInProps extends ElementProps {
  /** No sign-in with a passkey alone. */
  secondFactorOnly?: boolean | undefined
  /** The page has no password form. */
  passkeyOnly?: boolean | undefined
  /** Creates a passkey after a sign-in with a password, without a dialog. */
  upgrade?: boolean | undefined
  /** The page's route that ends a session: a pending sign-in can be cancelled then. */
  signOut?: string | undefined
  /** The session is in another state than before: `event.detail.state` is `none`, `pending` or `verified`. */
  onState?: Listener<'countersign-state'>
  /** The user is signed in and has seen all messages. */
  onVerified?: Listener<'countersign-verified'>
  /** Too many wrong codes: the server has ended the sign-in. */
  onLocked?: Listener<'countersign-locked'>
}

/** Props of {@link Settings}. */
export interface SettingsProps extends ElementProps {
  /** The user has no factor: ask for the password again, and pass `event.detail.until` a promise of whether it was right. */
  onReauthenticate?: Listener<'countersign-reauthenticate'>
}

type Listener<Name extends keyof CountersignEvents> = ((event: CountersignEvents[Name]) => void) | undefined

/**
 * `<countersign-sign-in>` as a component: the second step of a sign-in, and the sign-in with a passkey. A `ref` gives the
 * element, whose `refresh()` to call when the password was right.
 *
 * @example
 * const signIn = useRef<CountersignSignIn>(null)
 * const view = createElement(SignIn, { ref: signIn, onVerified: () => location.assign('/') })
 */
export const SignIn = component<CountersignSignIn, SignInProps>('SignIn', 'countersign-sign-in')

/** `<countersign-settings>` as a component: the user's factors, recovery codes and remembered browsers. */
export const Settings = component<CountersignSettings, SettingsProps>('Settings', 'countersign-settings')

const listeners: Record<string, keyof CountersignEvents> = {
  onState: 'countersign-state',
  onVerified: 'countersign-verified',
  onLocked: 'countersign-locked',
  onSignedOut: 'countersign-signed-out',
  onChanged: 'countersign-changed',
  onReauthenticate: 'countersign-reauthenticate',
}

const SENTENCE = 'Two-step verification needs JavaScript. Turn it on for this site, then reload the page.'

type Component<Element, Props> = React.ForwardRefExoticComponent<Props & React.RefAttributes<Element>>

function component<Element extends CountersignSignIn | CountersignSettings, Props extends ElementProps>(
  name: string, tag: string,
): Component<Element, Props> {
  const render = (props: SignInProps & SettingsProps, ref: React.ForwardedRef<Element>): React.ReactElement => {
    const element = react.useRef<Element>(null)
    const latest = react.useRef(props)
    // An element on a page of the server would tell of what it finds before anyone listens.
    const inBrowser = useIsInBrowser()
    const texts = JSON.stringify(props.texts)
    useBeforePaint(() => {
      latest.current = props
    })
    react.useImperativeHandle(ref, () => element.current!, [inBrowser])
    useBeforePaint(() => {
      if (element.current && latest.current.texts) element.current.texts = latest.current.texts
    }, [inBrowser, texts])
    useBeforePaint(() => {
      const { current } = element
      if (!current) return undefined
      const ends = Object.entries(listeners).map(([prop, event]) => {
        const listen = (told: Event): void => (latest.current as unknown as Record<string, ((event: Event) => void) | undefined>)[prop]?.(told)
        current.addEventListener(event, listen)
        return () => current.removeEventListener(event, listen)
      })
      return () => ends.forEach((end) => end())
    }, [inBrowser])

    if (!inBrowser) return react.createElement('noscript', null, props.noScript ?? SENTENCE)
    return react.createElement(tag, { ref: element, ...attributesOf(props) })
  }
  return Object.assign(react.forwardRef(render), { displayName: name }) as unknown as Component<Element, Props>
}

/** As both write them: React 18 gives `false` to an element of ours as the text "false", and React 19 sets properties. */
function attributesOf(props: SignInProps & SettingsProps): object {
  const set = (value: boolean | undefined): true | undefined => value || undefined
  const { className, dir, hidden, id, lang, style } = props
  return {
    dir, id, lang, style,
    class: className,
    hidden: set(hidden),
    base: props.base ?? '/countersign',
    'heading-level': props.headingLevel,
    autofocus: set(props.autoFocus),
    'second-factor-only': set(props.secondFactorOnly),
    'passkey-only': set(props.passkeyOnly),
    upgrade: set(props.upgrade),
    'sign-out': props.signOut,
  }
}
