import type { ExecutionContext } from 'ava'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { phoneCode } from './demo-server.js'

/** A server that somebody visits, with a clock that a test moves. */
export interface Site {
  origin: string
  now(): number
  pass(milliseconds: number): void
}

export interface Account {
  name: string
  password: string
}

const ANN = { name: 'Ann Example', password: 'correct horse battery' }
/** Longer than a TOTP step, so that the next code is a new one. */
export const STEP = 31_000

/** Someone at a browser of their own: does what a person does, through labels and buttons. */
export class Person {
  secret = ''

  private constructor(
    readonly page: Page,
    private readonly site: Site,
    readonly account: Account,
  ) {}

  /** `prepare` gets the page before it has loaded anything. */
  static async arrive(
    browser: Browser,
    site: Site,
    options: BrowserContextOptions = {},
    { prepare, account = ANN }: { prepare?: ((page: Page) => Promise<unknown>) | undefined; account?: Account } = {},
  ): Promise<Person> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
    const page = await context.newPage()
    await prepare?.(page)
    page.setDefaultTimeout(10_000)
    await page.goto(site.origin)
    return new Person(page, site, account)
  }

  /** Somebody else at the same browser. */
  as(account: Account): Person {
    return new Person(this.page, this.site, account)
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog').last()
  }

  get factors(): Locator {
    return this.page.locator('countersign-settings .rows > li')
  }

  /** The one of that label that is on show. */
  field(label: string): Locator {
    return this.page.getByLabel(label).filter({ visible: true })
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { name, level: 1 })
  }

  async createAccount({ required = false } = {}): Promise<void> {
    await this.page.getByRole('button', { name: 'Create an account' }).click()
    await this.field('Name').fill(this.account.name)
    await this.field('Password').fill(this.account.password)
    await this.page.getByRole('button', { name: 'Create account' }).click()
    await this.heading(required ? /^(?:Set up two-step verification|Add a passkey or security key)$/ : 'Sign-in security').waitFor()
  }

  async password(password = this.account.password): Promise<void> {
    await this.field('Name').fill(this.account.name)
    await this.field('Password').fill(password)
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  async signOut(): Promise<void> {
    await this.page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await this.heading('Sign in').waitFor()
  }

  /** Signs out and gets to the second step. */
  async returnWithPassword(): Promise<void> {
    await this.signOut()
    await this.password()
    await this.heading('Two-step verification').waitFor()
  }

  async signedIn(): Promise<void> {
    await this.heading('Sign-in security').waitFor()
  }

  async enrolTotp(description = 'Phone'): Promise<void> {
    await this.fillTotp(description)
    await this.row(description).waitFor()
  }

  async fillTotp(description = 'Phone'): Promise<void> {
    await this.beginTotp(description)
    await this.dialog.getByLabel('Enter the code').fill(this.nextCode())
    await this.dialog.getByRole('button', { name: 'Add authenticator app' }).click()
  }

  /** Up to the code. */
  async beginTotp(description: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Authenticator app' }).click()
    this.secret = await this.dialog.locator('code').innerText()
    await this.dialog.getByLabel('Give it a name').fill(description)
  }

  async enrolKey(kind: 'Security key' | 'Passkey', description: string): Promise<void> {
    await this.beginKey(kind, description)
    await this.row(description).waitFor()
  }

  async beginKey(kind: 'Security key' | 'Passkey', description: string): Promise<void> {
    await this.page.locator('.choices').getByRole('button', { name: 'Passkey or security key' }).click()
    await this.dialog.getByRole('radio', { name: kind }).check()
    await this.dialog.getByLabel('Give it a name').fill(description)
    await this.dialog.getByRole('button', { name: 'Continue' }).click()
  }

  async makeCodes(): Promise<string[]> {
    await this.page.getByRole('button', { name: /Get (recovery|new) codes/ }).click()
    await this.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
    const codes = await this.dialog.getByRole('listitem').allInnerTexts()
    await this.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
    return codes
  }

  /** The phone's code, one that the server has not seen. */
  nextCode(): string {
    this.site.pass(STEP)
    return phoneCode(this.secret, this.site.now())
  }

  /** A code of that length that the app has not shown and does not show next. */
  wrongCode(): string {
    const right = phoneCode(this.secret, this.site.now())
    return String((Number(right) + 1) % 1_000_000).padStart(6, '0')
  }

  /** Types wrong codes at the second step until that ends the sign-in. */
  async guess(): Promise<void> {
    for (let tries = 0; tries < 12 && !(await this.heading('Sign in').isVisible()); tries++) {
      const answered = this.page.waitForResponse('**/countersign/verify')
      const [answer] = await Promise.all([answered, this.typeTotp(this.wrongCode())])
      await answer.finished()
      await this.page.locator('button[aria-busy]').waitFor({ state: 'detached' })
    }
  }

  async typeTotp(code: string): Promise<void> {
    await this.field('Code from your authenticator app').fill(code)
    await this.formOf('Code from your authenticator app').getByRole('button', { name: 'Continue' }).click()
  }

  async typeRecovery(code: string, { lost = false } = {}): Promise<void> {
    const details = this.page.locator('details:visible')
    const folded = (await details.count()) > 0 && (await details.getAttribute('open')) === null
    if (folded) await this.page.getByText('Use a recovery code').click()
    await this.field('Recovery code').fill(code)
    if (lost) await this.page.getByLabel('I’ve lost my other sign-in methods').check()
    await this.page.getByRole('button', { name: 'Continue with recovery code' }).click()
  }

  /** A recovery code instead of everything that was lost; answers what the page says it removed. */
  async recoverLost(code: string): Promise<string> {
    await this.returnWithPassword()
    await this.typeRecovery(code, { lost: true })
    await this.heading('You signed in with a recovery code').waitFor()
    return this.page.locator('countersign-sign-in .notice').innerText()
  }

  /** Goes on after that with no method left. The code was proof enough to add a new one right away, which signs in then. */
  async startAnew(t: ExecutionContext): Promise<void> {
    await this.page.getByRole('button', { name: 'Continue' }).click()
    await this.signedIn()
    t.is(await this.factors.count(), 0)
    await this.enrolTotp('New phone')
    await this.returnWithPassword()
    await this.typeTotp(this.nextCode())
    await this.signedIn()
  }

  async useKey(): Promise<void> {
    await this.page.getByRole('button', { name: 'Use security key or passkey' }).click()
  }

  async closeDialog(): Promise<void> {
    await this.page.keyboard.press('Escape')
    await this.page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  /** What a script of the page may ask of its server. */
  call(method: string, path: string, body: object = {}): Promise<{ status: number; body: any }> {
    return this.page.evaluate(
      async ([method, path, body]) => {
        const headers = { 'content-type': 'application/json' }
        const response = await fetch(path, method === 'GET' ? {} : { method, headers, body: JSON.stringify(body) })
        return { status: response.status, body: (await response.json()) as unknown }
      },
      [method, path, body] as const,
    )
  }

  formOf(label: string): Locator {
    return this.page.locator('form').filter({ has: this.page.getByLabel(label) })
  }

  row(description: string): Locator {
    return this.factors.filter({ hasText: description })
  }

  /** The error that is shown, once there is one. */
  async error(): Promise<string> {
    const alert = this.page.getByRole('alert').filter({ hasText: /./ }).last()
    await alert.waitFor()
    return alert.innerText()
  }
}
