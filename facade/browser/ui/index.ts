import type { Factor } from '../../shared/factor.js'
import type { Session, Verified } from '../flow/api.js'
import { CountersignSettings } from './settings.js'
import { CountersignSignIn } from './sign-in.js'

export type { CountersignElement } from './element.js'
export { loadTexts } from './languages.js'
export { CountersignSettings } from './settings.js'
export { CountersignSignIn } from './sign-in.js'
export { fetchWithStepUp, stepUp, type StepUpOptions } from './step-up.js'
export { english, type Plural, type Texts } from './texts.js'
export type { Verified } from '../flow/api.js'

/** The `event.detail` of the elements' events. */
export interface CountersignEvents {
  'countersign-state': CustomEvent<{ state: Session['state'] }>
  'countersign-verified': CustomEvent<{ outcome: Verified }>
  'countersign-locked': CustomEvent<object>
  'countersign-signed-out': CustomEvent<object>
  'countersign-changed': CustomEvent<{ factors?: Factor[]; factor?: Factor }>
  'countersign-reauthenticate': CustomEvent<{ until: (promise: Promise<boolean>) => void }>
}

declare global {
  interface HTMLElementTagNameMap {
    'countersign-sign-in': CountersignSignIn
    'countersign-settings': CountersignSettings
  }
  interface GlobalEventHandlersEventMap extends CountersignEvents {}
}

// Twice in a page (two bundles) the first one stays; on a server there is nowhere to define them.
const elements = { 'countersign-sign-in': CountersignSignIn, 'countersign-settings': CountersignSettings }
for (const [name, element] of Object.entries(elements)) {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, element)
}
