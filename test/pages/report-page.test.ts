// The report in a browser, opened from a disk as its readers open it.

import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumWanted, openChromium } from './chromium.ts'
import { seededPage } from './golden-page.ts'
import { makeSamplePage, type SamplePage } from './sample-page.ts'

const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 375, height: 740 }
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.skipIf(!chromiumWanted())('the page', () => {
  let browser: Browser
  let sample: SamplePage
  let hostile: string

  beforeAll(async () => {
    browser = await openChromium()
    sample = await makeSamplePage()
    hostile = join(sample.folder, 'hostile.html')
    // Its names end elements and attributes, and hide characters.
    await writeFile(hostile, seededPage(23, 12, 200))
  })

  afterAll(async () => {
    await browser?.close()
    await sample?.remove()
  })

  /** What the browser said and asked for while the page was open, besides the page itself. */
  const heard: string[] = []

  async function withPage(
    path: string,
    options: BrowserContextOptions,
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ viewport: DESKTOP, ...options })
    heard.length = 0
    const address = pathToFileURL(path).href
    context.on('request', request => {
      if (request.url() !== address) heard.push(`asked for ${request.url()}`)
    })
    try {
      const page = await context.newPage()
      page.on('console', message => heard.push(`console: ${message.text()}`))
      page.on('pageerror', error => heard.push(`error: ${error.message}`))
      page.on('dialog', dialog => {
        heard.push(`dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      await page.goto(address)
      await look(page)
      expect(heard).toEqual([])
    } finally {
      await context.close()
    }
  }

  test('opens from a disk, asks for nothing and says nothing', async () => {
    await withPage(sample.path, {}, async page => {
      expect(await page.title()).toBe('Traffic across zones · demo · 2024-05-01 10:00 to 11:00 UTC')
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Traffic across zones')
      expect(await page.locator('.figure').first().innerText()).toContain('360 MiB')
      expect(await rowTexts(page, 1)).toHaveLength(250)
    })
  })

  test('is whole without its script', async () => {
    await withPage(sample.path, { javaScriptEnabled: false }, async page => {
      expect(await page.locator('#pairs-filter').isVisible()).toBe(false)
      expect(await rowTexts(page, 1)).toHaveLength(250)
      expect(await page.locator('table.heat').innerText()).toContain('use2-az1')
      expect(await page.locator('svg.crossings').isVisible()).toBe(true)
      expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
        'Zone by zone',
        'Who sends where',
        'What to do',
        'By namespace',
        'Top pairs',
        'Where every byte went',
      ])
      // Native tooltips and folds need no script either.
      expect(await page.locator('svg.crossings title').count()).toBeGreaterThan(20)
      await page.getByText('The same as a table').first().click()
      expect(await page.locator('details table').first().isVisible()).toBe(true)
    })
  })

  test('sorts by any column, with the mouse and with the keyboard', async () => {
    await withPage(sample.path, {}, async page => {
      const head = (name: string) => page.locator('#pairs-table th').filter({ hasText: name })
      const bytes = await rowValues(page, 5)
      expect(bytes).toEqual(sorted(bytes, true))
      await head('Bytes').getByRole('button').click()
      expect(await head('Bytes').getAttribute('aria-sort')).toBe('ascending')
      expect(await rowValues(page, 5)).toEqual(sorted(bytes, false))
      await head('Records').getByRole('button').focus()
      await page.keyboard.press('Enter')
      expect(await head('Records').getAttribute('aria-sort')).toBe('descending')
      expect(await head('Bytes').getAttribute('aria-sort')).toBeNull()
      const records = await rowValues(page, 8)
      expect(records).toEqual(sorted(records, true))
      await head('From').getByRole('button').click()
      const names = (await rowTexts(page, 1)).map(text => text.replace(/\s+/g, ' '))
      expect(names[0]?.startsWith('data/')).toBe(true)
      expect(names.at(-1)?.startsWith('subnet')).toBe(true)
    })
  })

  test('filters by namespace, workload, app and zone, and shows all again', async () => {
    await withPage(sample.path, {}, async page => {
      const form = page.locator('#pairs-filter')
      const shown = async () => {
        const [from, fromZone, to, toZone] = await Promise.all([1, 2, 3, 4].map(at => rowTexts(page, at)))
        return from!.map((text, at) => ({ ends: [text, to![at]!], zones: [fromZone![at]!, toZone![at]!] }))
      }
      const every = await shown()

      await form.getByLabel('namespace').selectOption('shop')
      const inShop = await shown()
      expect(inShop).toEqual(every.filter(({ ends }) => ends.some(end => end.startsWith('shop/'))))
      expect(inShop.length).toBeGreaterThan(10)

      await form.getByLabel('zone').selectOption('use2-az3')
      const inZone = inShop.filter(({ zones }) => zones.includes('use2-az3'))
      expect(await shown()).toEqual(inZone)

      await form.getByLabel('workload').fill('CART')
      const carts = inZone.filter(({ ends }) => ends.some(end => end.split('\n')[0]!.includes('cart')))
      expect(await shown()).toEqual(carts)
      expect(carts.length).toBeGreaterThan(0)
      expect(await form.getByRole('status').innerText()).toMatch(
        new RegExp(`^${carts.length} of the 250 pairs shown here, [\\d.]+ [KM]iB$`),
      )

      await form.getByRole('button', { name: 'Show all' }).click()
      await expect.poll(async () => (await shown()).length).toBe(250)
      expect(await form.getByRole('status').innerText()).toBe('')

      await form.getByLabel('app').selectOption('kafka')
      expect(await shown()).toEqual(every.filter(({ ends }) => ends.some(end => end.endsWith('\napp kafka'))))
    })
  })

  test('tells what lies under the pointer, and which bands belong to it', async () => {
    await withPage(sample.path, {}, async page => {
      await page.locator('svg.crossings [data-node] rect').first().hover()
      expect(await page.locator('.tip').innerText()).toMatch(/^\S+: [\d.]+ MiB, \$[\d.]+$/)
      expect(await page.locator('svg.crossings path.lit').count()).toBeGreaterThan(0)
      expect(await page.locator('svg.crossings path:not(.lit)').count()).toBeGreaterThan(0)
      await page.getByRole('heading', { level: 1 }).hover()
      expect(await page.locator('.tip').isVisible()).toBe(false)
      expect(await page.locator('svg.crossings.dimmed').count()).toBe(0)
    })
  })

  test('is dark where the reader wants it dark, and light on paper', async () => {
    await withPage(sample.path, { colorScheme: 'light' }, async page => {
      expect(Math.min(...(await background(page)))).toBeGreaterThan(240)
    })
    await withPage(sample.path, { colorScheme: 'dark' }, async page => {
      expect(Math.max(...(await background(page)))).toBeLessThan(40)
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(Math.min(...(await background(page)))).toBeGreaterThan(240)
      expect(await page.locator('nav').isVisible()).toBe(false)
      expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000)
    })
  })

  test.each([
    ['the sample', () => sample.path],
    ['odd names', () => hostile],
  ])('fits a phone: only what is wide scrolls, by itself: %s', async (_what, path) => {
    await withPage(path(), { viewport: PHONE }, async page => {
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width)
      const regions = await page.locator('.scroll').evaluateAll(all =>
        all.map(each => ({
          right: each.getBoundingClientRect().right,
          wider: each.scrollWidth > each.clientWidth,
        })),
      )
      expect(Math.max(...regions.map(({ right }) => right))).toBeLessThanOrEqual(PHONE.width)
      expect(regions.some(({ wider }) => wider)).toBe(true)
    })
  })

  test('names that are markup stay text, and a script that got in would not run', async () => {
    await withPage(hostile, {}, async page => {
      expect(await page.locator('script').count()).toBe(1)
      expect(await page.getByText('<script>alert(1)</script>').count()).toBeGreaterThan(0)
      expect(await page.getByText(String.raw`x"y\u{202e}`).count()).toBeGreaterThan(0)
      const ran = await page.evaluate(`{
        const script = document.createElement('script')
        script.textContent = 'window.ran = true'
        document.body.append(script)
        document.body.setAttribute('onclick', 'window.ran = true')
        document.body.click()
        'ran' in window
      }`)
      expect(ran).toBe(false)
      // The browser says what it refused.
      expect(heard.every(said => said.includes('Content Security Policy'))).toBe(true)
      heard.length = 0
    })
  })

  describe.each([
    ['light', DESKTOP],
    ['dark', DESKTOP],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)('in %s, %o', (colorScheme, viewport) => {
    test.each([
      ['the sample', () => sample.path],
      ['odd names', () => hostile],
    ])('axe finds nothing: %s', async (_what, path) => {
      await withPage(path(), { colorScheme, viewport }, async page => {
        await page.locator('details').evaluateAll(all => all.forEach(each => each.setAttribute('open', '')))
        await page.evaluate(AXE)
        const { violations } = await page.evaluate<AxeResult>('axe.run()')
        const found = violations.map(
          ({ id, nodes }) =>
            `${id}: ${nodes
              .map(({ html }) => html)
              .slice(0, 3)
              .join(' ')}`,
        )
        expect(found).toEqual([])
      })
    })
  })
})

async function rowTexts(page: Page, column: number): Promise<string[]> {
  return await page.locator(`#pairs-table tbody tr:visible td:nth-child(${column})`).allInnerTexts()
}

async function rowValues(page: Page, column: number): Promise<bigint[]> {
  const cells = page.locator(`#pairs-table tbody tr td:nth-child(${column})`)
  const values = await cells.evaluateAll(all => all.map(cell => cell.getAttribute('data-value')!))
  return values.map(BigInt)
}

function sorted(values: readonly bigint[], down: boolean): bigint[] {
  return values.toSorted((a, b) => (a === b ? 0 : a < b === down ? 1 : -1))
}

async function background(page: Page): Promise<number[]> {
  const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
  return colour.match(/\d+/g)!.map(Number)
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}
