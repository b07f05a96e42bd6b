import { CeremonyError } from '../error.js'
import { Api, ApiError, textOf } from './api.js'
import { element, focusOn } from './dom.js'
import { german } from './german.js'
import { styleSheet } from './styles.js'
import { english, type PluralName, type TextName, type Texts } from './texts.js'

type Values = Record<string, string | number>

/** What the parts of one element share: its place in the page, its texts, its server, its voice. */
export class Ui {
  readonly api = new Api(
    () => (this.host.getAttribute('base') ?? '/countersign').replace(/\/$/, ''),
    (code) => void this.signedOut(code),
  )
  /** What the element does when the session has ended. */
  signedOut: (code: string) => unknown = () => undefined
  /** The page's own texts, in place of ours. */
  own: Partial<Texts> = {}
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
    const language = this.host.closest('[lang]')?.getAttribute('lang') ?? ''
    return { ...(/^[Dd][Ee]\b/.test(language) ? german : english), ...this.own }
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

  /** What the person reads of something that went wrong. */
  messageOf(error: unknown): string {
    const known = error instanceof ApiError || error instanceof CeremonyError
    return this.text(textOf(known ? error.code : ''))
  }

  /** Tells the page; false: it was cancelled there. */
  tell(name: string, detail: object = {}): boolean {
    const event = new CustomEvent(`countersign-${name}`, { bubbles: true, composed: true, cancelable: true, detail })
    return this.host.dispatchEvent(event)
  }
}

/** A line never ends within it. */
const inOnePiece = (date: string) => date.replaceAll(' ', '\u00a0')

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
