import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { phoneCode, type DemoServer } from './demo-server.js'

const PASSWORD = 'correct horse battery'
/** Longer than a TOTP step, so that the next code is a new one. */
export const STEP = 31_000

/** Someone at a browser of their own: does what a person does, through labels and buttons. */
export class Person {
  secret = ''

  private constructor(
    readonly page: Page,
    private readonly demo: DemoServer,
    readonly name: string,
  ) {}

  static async arrive(
    browser: Browser,
    demo: DemoServer,
    options: BrowserContextOptions = {},
    before?: () => void,
  ): Promise<Person> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
    const page = await context.newPage()
    if (before) await page.addInitScript(before)
    page.setDefaultTimeout(10_000)
    await page.goto(demo.origin)
    return new Person(page, demo, 'Ann Example')
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

  heading(name: string): Locator {
    return this.page.getByRole('heading', { name, level: 1 })
  }

  async createAccount({ required = false } = {}): Promise<void> {
    await this.page.getByRole('button', { name: 'Create an account' }).click()
    await this.field('Name').fill(this.name)
    await this.field('Password').fill(PASSWORD)
    await this.page.getByRole('button', { name: 'Create account' }).click()
    await this.heading(required ? 'Set up a second factor' : 'Sign-in security').waitFor()
  }

  async password(password = PASSWORD): Promise<void> {
    await this.field('Name').fill(this.name)
    await this.field('Password').fill(password)
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  async signOut(): Promise<void> {
    await this.page.getByRole('button', { name: 'Sign out' }).click()
    await this.heading('Sign in').waitFor()
  }

  /** Signs out and gets to the second step. */
  async returnWithPassword(): Promise<void> {
    await this.signOut()
    await this.password()
    await this.heading('Second step').waitFor()
  }

  async signedIn(): Promise<void> {
    await this.heading('Sign-in security').waitFor()
  }

  async enrolTotp(description = 'Phone'): Promise<void> {
    await this.fillTotp(description)
    await this.row(description).waitFor()
  }

  async fillTotp(description = 'Phone'): Promise<void> {
    await this.page.getByRole('button', { name: 'Authenticator app' }).click()
    this.secret = await this.dialog.locator('code').innerText()
    await this.dialog.getByLabel('Type the code').fill(this.nextCode())
    await this.dialog.getByLabel('Name this factor').fill(description)
    await this.dialog.getByRole('button', { name: 'Add authenticator app' }).click()
  }

  async enrolKey(kind: 'Security key' | 'Passkey', description: string): Promise<void> {
    await this.beginKey(kind, description)
    await this.row(description).waitFor()
  }

  async beginKey(kind: 'Security key' | 'Passkey', description: string): Promise<void> {
    await this.page.locator('.choices').getByRole('button', { name: kind }).click()
    await this.dialog.getByLabel('Name this factor').fill(description)
    await this.dialog.getByRole('button', { name: 'Continue' }).click()
  }

  async makeCodes(): Promise<string[]> {
    await this.page.getByRole('button', { name: /Make (recovery|new) codes/ }).click()
    await this.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
    const codes = await this.dialog.getByRole('listitem').allInnerTexts()
    await this.dialog.getByRole('button', { name: 'I have saved them' }).click()
    return codes
  }

  /** The phone's code, one that the server has not seen. */
  nextCode(): string {
    this.demo.pass(STEP)
    return phoneCode(this.secret, this.demo.now())
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
    if (lost) await this.page.getByLabel('I have lost my other factors').check()
    await this.page.getByRole('button', { name: 'Continue with this code' }).click()
  }

  async useKey(): Promise<void> {
    await this.page.getByRole('button', { name: 'Use security key or passkey' }).click()
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
