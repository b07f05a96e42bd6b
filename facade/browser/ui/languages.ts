import { english, type Texts } from './texts.js'

/** Each is a module of its own, so that a page loads the one that it shows. */
const languages: Record<string, () => Promise<Texts>> = {
  de: () => import('./languages/german.js').then(({ german }) => german),
  es: () => import('./languages/spanish.js').then(({ spanish }) => spanish),
  fr: () => import('./languages/french.js').then(({ french }) => french),
  it: () => import('./languages/italian.js').then(({ italian }) => italian),
  ja: () => import('./languages/japanese.js').then(({ japanese }) => japanese),
  nl: () => import('./languages/dutch.js').then(({ dutch }) => dutch),
  pl: () => import('./languages/polish.js').then(({ polish }) => polish),
  // Of Brazil. In Portugal too it is nearer than English.
  pt: () => import('./languages/portuguese.js').then(({ portuguese }) => portuguese),
  'zh-Hans': () => import('./languages/chinese.js').then(({ chinese }) => chinese),
}

/**
 * Resolves with the texts in the language of a BCP 47 tag such as `pt-BR`, or in English if there are none. It loads the
 * module of that language.
 *
 * @example
 * const texts = { ...(await loadTexts('fr')), settings: 'Double authentification' }
 */
export async function loadTexts(language: string): Promise<Texts> {
  return languages[keyOf(language)]?.() ?? english
}

/** What names the texts of a language; empty: English. */
export function keyOf(tag: string): string {
  try {
    const { language, script } = new Intl.Locale(tag).maximize()
    // Chinese by its script, which `zh-TW` and `zh-HK` leave unsaid.
    const key = language === 'zh' ? `zh-${script}` : language
    return Object.hasOwn(languages, key) ? key : ''
  } catch {
    return ''
  }
}
