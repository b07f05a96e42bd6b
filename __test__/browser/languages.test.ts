// The elements in every language: each has every text, is loaded when it is needed, fits the page and reads well from right to left.
import { readFile, readdir } from 'node:fs/promises'
import test from 'ava'
import { english, loadTexts, type Texts } from '../../facade/browser/ui/index.js'
import { arabic } from './arabic.js'
import { accessible } from './axe.js'
import { screenshot } from './chromium.js'
import type { Person } from './person.js'
import { scenes } from './scene.js'

const scene = scenes()

/** What says how somebody writes, and the file that has its texts. */
const languages: Record<string, string> = {
  de: 'german', fr: 'french', es: 'spanish', it: 'italian', 'pt-BR': 'portuguese', nl: 'dutch', pl: 'polish', ja: 'japanese', 'zh-Hans': 'chinese',
}

/** Those that are the same in another language too. */
const shared = ['locale', 'comma', 'space', 'actionOn', 'defaultYubico', 'codesFile']
const same: Record<string, string[]> = {
  de: ['name', 'passkey'], it: ['passkey'], nl: ['app'], pl: [],
}

for (const [tag, name] of Object.entries(languages)) {
  test(`${name}: every text, with every plural form and the same places to fill`, async (t) => {
    const texts = await loadTexts(tag)
    t.is(texts.locale, tag)
    t.deepEqual(Object.keys(texts), Object.keys(english))
    const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories
    for (const [key, text] of Object.entries(english) as [keyof Texts, string | { other: string }][]) {
      const translated = texts[key]
      t.is(typeof translated, typeof text, key)
      if (typeof translated === 'string') {
        t.deepEqual(placesOf(translated), placesOf(text as string), key)
        if (!shared.includes(key)) t.true(translated !== text || same[tag]?.includes(key), `${key}: ${translated}`)
        if (key !== 'space') t.regex(translated, /\S/, key)
      } else {
        t.deepEqual(Object.keys(translated).sort(), [...categories].sort(), key)
        for (const form of Object.values(translated)) t.deepEqual(placesOf(form), placesOf((text as { other: string }).other), key)
      }
    }
    // A sentence ends as one where the English one does.
    for (const [key, text] of Object.entries(english)) {
      if (typeof text === 'string' && key !== 'comma') t.is(isSentence(texts[key as keyof Texts] as string), isSentence(text), key)
    }
  })
}

const placesOf = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort()

const isSentence = (text: string): boolean => /[.。]$/.test(text)

test('each file of a language belongs to one', async (t) => {
  const folder = new URL('ui/languages/', import.meta.resolve('countersign/browser'))
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js')).map((name) => name.replace('.js', ''))
  t.deepEqual(names.sort(), Object.values(languages).sort())
})

test('a language is found by its tag, whatever stands behind it', async (t) => {
  const found = async (tag: string): Promise<string> => (await loadTexts(tag)).locale
  const tags = {
    'de-AT': 'de', DE: 'de', 'fr-CA': 'fr', 'es-419': 'es', pt: 'pt-BR', 'pt-PT': 'pt-BR', 'nl-BE': 'nl', zh: 'zh-Hans', 'zh-CN': 'zh-Hans',
    'zh-SG': 'zh-Hans', 'zh-Hans-HK': 'zh-Hans',
    // Traditional characters are another script.
    'zh-TW': 'en', 'zh-Hant': 'en', 'zh-HK': 'en',
    'en-GB': 'en', ar: 'en', sv: 'en', '': 'en', de_DE: 'en', '-': 'en', constructor: 'en', toString: 'en', ['x'.repeat(10_000)]: 'en',
  }
  for (const [tag, locale] of Object.entries(tags)) t.is(await found(tag), locale, tag.slice(0, 20))
})

test('the style sheet knows no left and right', async (t) => {
  const styles = await readFile(new URL('ui/styles.js', import.meta.resolve('countersign/browser')), 'utf8')
  const found = styles.match(/^.*\b(?:left|right)\b.*$/gm)
  t.deepEqual(found, null)
  // Four different sides are left and right too.
  for (const [, value = ''] of styles.matchAll(/(?:margin|padding|inset|border-radius): ([^;]+);/g)) {
    const sides = value.replaceAll(/\([^)]*\)/g, '').trim().split(/\s+/)
    if (sides.length === 4) t.is(sides[1], sides[3], value)
  }
  t.regex(styles, /margin-inline-start/)
})

scene('a page loads the language that it shows and no other', async ({ t, ann }) => {
  const { page } = ann
  const asked: string[] = []
  page.on('request', (request) => {
    const [, file] = /\/languages\/(\w+)\.js/.exec(request.url()) ?? []
    if (file) asked.push(file)
  })
  await ann.enrolTotp()
  await ann.makeCodes()
  await ann.returnWithPassword()
  t.deepEqual(asked, [], 'English')
  const show = (lang: string) =>
    page.evaluate(async (lang) => {
      document.documentElement.lang = lang
      await document.querySelector('countersign-sign-in')!.refresh()
    }, lang)
  for (const [tag, heading] of [['fr-CA', 'Validation en deux étapes'], ['pl', 'Weryfikacja dwuetapowa'], ['fr', 'Validation en deux étapes']] as const) {
    await show(tag)
    await ann.heading(heading).waitFor()
  }
  t.deepEqual(asked, ['french', 'polish'])
  // Where the file can't be had, the page goes on with what it has.
  await page.route('**/languages/dutch.js', (route) => route.fulfill({ status: 404, body: '' }))
  await show('nl')
  await ann.heading('Validation en deux étapes').waitFor()
  await show('en')
  await ann.heading('Two-step verification').waitFor()
})

scene('the language is that of the nearest lang, out of a shadow root too', async ({ t, ann }) => {
  const titles = await ann.page.evaluate(async () => {
    const titleIn = async (outer: string, inner?: string): Promise<string | null> => {
      const place = document.createElement('div')
      place.lang = outer
      const root = place.attachShadow({ mode: 'open' })
      const settings = document.createElement('countersign-settings')
      if (inner) settings.lang = inner
      root.append(settings)
      document.body.append(place)
      await settings.refresh()
      const title = settings.shadowRoot!.querySelector('h2')!.textContent
      place.remove()
      return title
    }
    return [await titleIn('it'), await titleIn('it', 'ja'), await titleIn('en')]
  })
  t.deepEqual(titles, ['Accesso e sicurezza', 'ログインとセキュリティ', 'Sign-in security'])
})

/** Both elements as they stand in a language: nothing wrong for axe, nothing wider than the page, every word of that language. */
async function fits(t: import('ava').ExecutionContext, ann: Person, name: string, element: 'countersign-settings' | 'countersign-sign-in'): Promise<void> {
  const { page } = ann
  await accessible(t, page, `${name}: ${element}`)
  for (const width of [1180, 390, 320]) {
    await page.setViewportSize({ width, height: 860 })
    t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: ${element} at ${width}`)
    await screenshot(page, `${name}-${element}-${width}`)
  }
  const words = await page.locator(element).evaluate(({ shadowRoot }) => shadowRoot!.textContent)
  t.true(words.length > 30, name)
  t.notRegex(words, /\b(the|your|factor|remove|code from|continue|codes? left)\b/i, name)
}

const show = (ann: Person, element: 'countersign-settings' | 'countersign-sign-in', lang: string) =>
  ann.page.evaluate(
    async ([element, lang]) => {
      document.documentElement.lang = lang
      await document.querySelector(element)!.refresh()
    },
    [element, lang] as const,
  )

scene('every language is as accessible, fits a phone, and has no word of English', async ({ t, ann }) => {
  t.timeout(120_000)
  await ann.enrolTotp('X 1')
  await ann.makeCodes()
  for (const [tag, name] of Object.entries(languages)) {
    await show(ann, 'countersign-settings', tag)
    await fits(t, ann, name, 'countersign-settings')
  }
  await ann.page.evaluate(() => (document.documentElement.lang = 'en'))
  await ann.returnWithPassword()
  for (const [tag, name] of Object.entries(languages)) {
    await show(ann, 'countersign-sign-in', tag)
    await ann.page.locator('countersign-sign-in summary').click()
    await fits(t, ann, name, 'countersign-sign-in')
  }
  await show(ann, 'countersign-sign-in', 'en')
})

scene('from right to left, with texts that the host gives: all in place, and codes as they are', async ({ t, ann }) => {
  const { page } = ann
  await ann.enrolTotp('My phone (2)')
  await page.evaluate(async (arabic) => {
    document.documentElement.lang = 'ar'
    document.documentElement.dir = 'rtl'
    const settings = document.querySelector('countersign-settings')!
    settings.texts = arabic
    document.querySelector('countersign-sign-in')!.texts = arabic
    await settings.refresh()
  }, arabic)
  await ann.heading(arabic.settings).waitFor()
  await accessible(t, page, 'Arabic')
  for (const width of [1180, 390, 320]) {
    await page.setViewportSize({ width, height: 860 })
    t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `at ${width}`)
    await screenshot(page, `arabic-settings-${width}`)
  }
  await page.setViewportSize({ width: 1180, height: 860 })
  const [picture, name, actions] = await page.evaluate(() => {
    const row = document.querySelector('countersign-settings')!.shadowRoot!.querySelector('.rows li')!
    return ['svg', '.name', '.actions'].map((one) => row.querySelector(one)!.getBoundingClientRect().x)
  })
  t.true(picture! > name! && name! > actions!, `${picture} ${name} ${actions}`)
  // The name keeps its order, and its brackets their places.
  t.deepEqual(await page.evaluate(leftToRight, '.name'), [...'My phone (2)'])

  await page.getByRole('button', { name: arabic.app }).click()
  await ann.dialog.waitFor()
  const [cross, title] = await ann.dialog.evaluate((dialog) =>
    ['.close', 'h2'].map((one) => dialog.querySelector(one)!.getBoundingClientRect().x),
  )
  t.true(cross! < title!, `${cross} ${title}`)
  const secret = await ann.dialog.locator('code').innerText()
  t.is((await page.evaluate(leftToRight, 'dialog code')).join(''), secret)
  t.is(await ann.dialog.locator('input.code').evaluate((input) => getComputedStyle(input).direction), 'ltr')
  await screenshot(page, 'arabic-app')
  await ann.closeDialog()

  await page.getByRole('button', { name: arabic.makeCodes }).click()
  await ann.dialog.locator('.codes li').first().waitFor()
  const [code] = await ann.dialog.getByRole('listitem').allInnerTexts()
  t.is((await page.evaluate(leftToRight, '.codes li')).join(''), code!)
  await accessible(t, page, 'Arabic: codes')
  await screenshot(page, 'arabic-codes')
  const downloading = page.waitForEvent('download')
  await ann.dialog.getByRole('button', { name: arabic.download }).click()
  t.regex((await downloading).suggestedFilename(), /^رموز-localhost-Ann-Example\.txt$/)
  await ann.dialog.getByRole('button', { name: arabic.saved }).click()

  const plural = (count: number) =>
    page.evaluate(async (count) => {
      const settings = document.querySelector('countersign-settings')!
      const real = globalThis.fetch
      globalThis.fetch = async (input, init) => {
        const response = await real(input, init)
        if (!String(input).endsWith('/factors')) return response
        const answer = await response.json()
        for (const factor of answer.factors) if (factor.type === 'recovery') factor.left = count
        return Response.json(answer)
      }
      await settings.refresh()
      globalThis.fetch = real
      return settings.shadowRoot!.querySelector('.split p')!.textContent
    }, count)
  for (const [count, form] of [[0, 'zero'], [1, 'one'], [2, 'two'], [3, 'few'], [11, 'many'], [100, 'other']] as const) {
    const [start = ''] = arabic.recoveryState[form].split('{count}')
    t.true((await plural(count)).startsWith(start), `${count}: ${form}`)
  }
})

/** The characters of the first element that fits, as they stand in the line, from left to right. */
function leftToRight(selector: string): string[] {
  const roots = [...document.querySelectorAll('*')].map((one) => one.shadowRoot).filter((one) => one !== null)
  const found = roots.map((root) => root.querySelector(selector)).find((one) => one !== null)!
  const node = found.firstChild as Text
  const places = [...node.data].map((character, at) => {
    const range = document.createRange()
    range.setStart(node, at)
    range.setEnd(node, at + 1)
    return { character, ...range.getBoundingClientRect().toJSON() as { x: number; y: number } }
  })
  return places.sort((a, b) => Math.round(a.y - b.y) || a.x - b.x).map(({ character }) => character)
}
