import { Api } from '../flow/api.js'
import { reasonOf } from '../flow/settled.js'
import { textOf } from './text-of.js'
import { element, focusOn } from './dom.js'
import { keyOf, loadTexts } from './languages.js'
import { styleSheet } from './styles.js'
import { english, type PluralName, type TextName, type Texts } from './texts.js'

type Values = Record<string, string | number>

/** What the parts of one element share: its place in the page, its texts, its server, its voice. */
export class Ui {
  readonly api = new Api(
    () => this.host.getAttribute('base') ?? '/countersign',
    (code) => void this.signedOut(code),
  )
  /** What the element does when the session has ended. */
  signedOut: (code: string) => unknown = () => undefined
  /** The page's own texts, in place of ours. */
  own: Partial<Texts> = {}
  #language: Texts = english
  #key = ''
  /** Ends every ceremony that runs, when the element leaves the page or shows something else. */
  #life = new AbortController()
  readonly #body = element('div', { class: 'body' })
  readonly #status = element('p', { class: 'status', role: 'status' })
  #clearing = 0

  constructor(
    readonly host: HTMLElement,
    readonly root: ShadowRoot,
  ) {
    root.adoptedStyleSheets = [styleSheet()]
    root.append(this.#body, this.#status)
  }

  get signal(): AbortSignal {
    return this.#life.signal
  }

  get texts(): Texts {
    return { ...this.#language, ...this.own }
  }

  /** Loads the texts of the language that the page has here. Where that fails, those of before stay. */
  async loadTexts(): Promise<void> {
    const tag = languageOf(this.host)
    if (keyOf(tag) === this.#key) return
    const texts = await loadTexts(tag).catch(() => undefined)
    // By then the page may have another language.
    if (!texts || languageOf(this.host) !== tag) return
    this.#language = texts
    this.#key = keyOf(tag)
  }

  text(name: TextName, values: Values = {}): string {
    return filled(this.texts[name], values)
  }

  plural(name: PluralName, count: number, values: Values = {}): string {
    const texts = this.texts
    const forms = texts[name]
    return filled(forms[new Intl.PluralRules(texts.locale).select(count)] ?? forms.other, { count, ...values })
  }

  date(milliseconds: number): string {
    return inOnePiece(new Intl.DateTimeFormat(this.texts.locale, { dateStyle: 'medium' }).format(milliseconds))
  }

  /** A time of day, with the date unless that is today. Rounded up, so that it is never too early. */
  time(milliseconds: number): string {
    const minute = new Date(Math.ceil(milliseconds / 60_000) * 60_000)
    const today = minute.toDateString() === new Date().toDateString()
    const style: Intl.DateTimeFormatOptions = { timeStyle: 'short' }
    if (!today) style.dateStyle = 'medium'
    return new Intl.DateTimeFormat(this.texts.locale, style).format(minute)
  }

  /** One of several: "a, b or c". */
  either(names: string[]): string {
    return new Intl.ListFormat(this.texts.locale, { type: 'disjunction' }).format(names)
  }

  /** One after another: "a, b, c". */
  list(names: string[]): string {
    return names.join(this.text('comma'))
  }

  /** Sentences that follow each other. */
  sentences(said: string[]): string {
    return said.join(this.text('space'))
  }

  heading(text: string, below = 0): HTMLHeadingElement {
    const level = Math.trunc(Number(this.host.getAttribute('heading-level'))) || 2
    return element(`h${Math.min(6, Math.max(1, level) + below)}` as 'h2', { class: `level-${below}` }, text)
  }

  /** Ends what ran, and shows this in its place. */
  show(nodes: (Node | null)[], focus?: HTMLElement): void {
    this.end()
    this.redraw(nodes, focus)
  }

  /** Shows what is new, under the dialogs that are open. */
  redraw(nodes: (Node | null)[], focus?: HTMLElement): void {
    this.#body.replaceChildren(...nodes.filter((node) => node !== null))
    focusOn(focus)
  }

  end(): void {
    this.#life.abort()
    this.#life = new AbortController()
    for (const dialog of this.root.querySelectorAll('dialog')) dialog.close()
  }

  /** Says something that changed, to the eye and to a screen reader, without taking the focus. */
  say(message: string): void {
    // A modal dialog makes the rest of the page inert: the message goes where it is heard.
    const dialogs = [...this.root.querySelectorAll<HTMLElement>('dialog[open]')]
    const place = dialogs.at(-1) ?? this.root
    if (this.#status.parentNode !== place) place.append(this.#status)
    this.#status.textContent = message
    clearTimeout(this.#clearing)
    this.#clearing = setTimeout(() => (this.#status.textContent = ''), 5000) as unknown as number
  }

  /** What the person reads of a refusal's reason, a problem's name or a ceremony's code. */
  reason(code: string): string {
    return this.text(textOf(code))
  }

  /** What the person reads of something that went wrong. */
  messageOf(error: unknown): string {
    return this.reason(reasonOf(error))
  }

  /** Tells the page; false: it was cancelled there. */
  tell(name: string, detail: object = {}): boolean {
    const event = new CustomEvent(`countersign-${name}`, { bubbles: true, composed: true, cancelable: true, detail })
    return this.host.dispatchEvent(event)
  }
}

/** A line never ends within it. */
const inOnePiece = (date: string) => date.replaceAll(' ', '\u00a0')

/** The nearest `lang` around it, out of shadow roots too. */
function languageOf(host: Element): string {
  const named = host.closest('[lang]')
  const root = host.getRootNode()
  return named?.getAttribute('lang') ?? (root instanceof ShadowRoot ? languageOf(root.host) : '')
}

/** Text with its values. One of the other direction must not turn over what stands around it. */
function filled(text: string, values: Values): string {
  const isolates = [text, ...Object.values(values)].some((one) => RIGHT_TO_LEFT.test(String(one)))
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return isolates ? `\u2068${value}\u2069` : String(value)
  })
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
