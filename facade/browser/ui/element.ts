import type { Texts } from './texts.js'
import { Ui } from './ui.js'

// On a server the module can be imported and does nothing.
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement

/** What both elements have in common. */
export abstract class CountersignElement extends Base {
  static readonly observedAttributes = ['base', 'heading-level', 'lang']
  /** @internal */
  protected readonly ui = new Ui(this, this.attachShadow({ mode: 'open' }))
  #drawn = 0

  /** The path where `countersign/http` is mounted: the attribute `base`. Default `/countersign`. */
  get base(): string {
    return this.getAttribute('base') ?? '/countersign'
  }

  set base(path: string) {
    this.setAttribute('base', path)
  }

  /**
   * All texts. Those that you set replace the defaults. The defaults have the language of the nearest `lang` attribute, or
   * English, and are loaded before the element first shows something.
   */
  get texts(): Texts {
    return this.ui.texts
  }

  set texts(own: Partial<Texts>) {
    this.ui.own = { ...this.ui.own, ...own }
    this.#changed()
  }

  /** Asks the server for the state of the session and shows what belongs to it. With `focus`, moves the focus there. */
  async refresh({ focus = true }: { focus?: boolean } = {}): Promise<void> {
    this.#drawn += 1
    const turn = this.#drawn
    await this.ui.loadTexts()
    if (turn !== this.#drawn || !this.isConnected) return
    // An answer that comes late must not take the place of a newer one.
    await this.draw(focus, () => turn === this.#drawn && this.isConnected)
  }

  /** @internal */
  protected abstract draw(focus: boolean, current: () => boolean): Promise<void>

  /** @internal */
  connectedCallback(): void {
    // Set before this class was there to take it.
    for (const name of ['texts', 'base'] as const) {
      if (!Object.hasOwn(this, name)) continue
      const { [name]: value } = this
      delete (this as Partial<CountersignElement>)[name]
      Object.assign(this, { [name]: value })
    }
    void this.refresh({ focus: this.hasAttribute('autofocus') })
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#drawn += 1
    this.ui.end()
  }

  /** @internal */
  attributeChangedCallback(): void {
    this.#changed()
  }

  #changed(): void {
    if (this.isConnected && this.#drawn > 0) void this.refresh({ focus: false })
  }
}
