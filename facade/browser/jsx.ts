import type { CountersignEvents, CountersignSettings, CountersignSignIn } from './ui/index.js'

/**
 * Types of the two elements for JSX, in React 19, Preact 10 and Solid 1. It holds no code. Import it once:
 *
 * @example
 * import type {} from 'countersign/browser/jsx'
 */

/** Attributes of both elements. */
export interface ElementAttributes {
  /** Where `countersign/http` is mounted. Default `/countersign`. */
  base?: string
  /** Level of the elements' headings, 1 to 6. Default 2. */
  'heading-level'?: number | string
}

/** Attributes of `<countersign-sign-in>`. */
export interface SignInAttributes extends ElementAttributes {
  /** No sign-in with a passkey alone. */
  'second-factor-only'?: boolean
  /** The page's route that ends a session: a pending sign-in can be cancelled then. */
  'sign-out'?: string
  /** The page has no password form. */
  'passkey-only'?: boolean
  /** Creates a passkey after a sign-in with a password, without a dialog. */
  upgrade?: boolean
}

/** Attributes of `<countersign-settings>`. */
export type SettingsAttributes = ElementAttributes

/** Listeners as React 19 and Preact take them: `oncountersign-verified={...}`. */
export type Listeners = { [Name in keyof CountersignEvents as `on${Name}`]?: (event: CountersignEvents[Name]) => void }

/** Listeners as Solid takes them: `on:countersign-verified={...}`. */
export type SolidListeners = { [Name in keyof CountersignEvents as `on:${Name}`]?: (event: CountersignEvents[Name]) => void }

// Each is for programs that have that framework; in the others there is no such module to add to, which is no error.

/** @ts-ignore */
declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      /** @ts-ignore */
      'countersign-sign-in': import('react').DetailedHTMLProps<import('react').HTMLAttributes<CountersignSignIn>, CountersignSignIn> & SignInAttributes & Listeners
      /** @ts-ignore */
      'countersign-settings': import('react').DetailedHTMLProps<import('react').HTMLAttributes<CountersignSettings>, CountersignSettings> & SettingsAttributes & Listeners
    }
  }
}

/** @ts-ignore */
declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      /** @ts-ignore */
      'countersign-sign-in': import('preact').HTMLAttributes<CountersignSignIn> & SignInAttributes & Listeners
      /** @ts-ignore */
      'countersign-settings': import('preact').HTMLAttributes<CountersignSettings> & SettingsAttributes & Listeners
    }
  }
}

/** @ts-ignore */
declare module 'solid-js/jsx-runtime' {
  namespace JSX {
    interface IntrinsicElements {
      /** @ts-ignore */
      'countersign-sign-in': HTMLAttributes<CountersignSignIn> & SignInAttributes & SolidListeners
      /** @ts-ignore */
      'countersign-settings': HTMLAttributes<CountersignSettings> & SettingsAttributes & SolidListeners
    }
  }
}
