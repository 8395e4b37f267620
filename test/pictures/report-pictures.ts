// Pictures of the report for the README: the bundled sample's page, its upper part, light and dark.
//
//   node test/pictures/report-pictures.ts      writes packages/report/pictures/report-light.png and report-dark.png
//
// They depend on the machine's fonts: unlike the page itself they aren't compared.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openChromium } from '../pages/chromium.ts'
import { makeSamplePage } from '../pages/sample-page.ts'

const FOLDER = fileURLToPath(new URL('../../packages/report/pictures/', import.meta.url))
const WIDTH = 920
/** Down to the end of a section: together they stay small. */
const HEIGHTS = { light: 1450, dark: 900 }

await mkdir(FOLDER, { recursive: true })
const sample = await makeSamplePage()
const browser = await openChromium()
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const viewport = { width: WIDTH, height: HEIGHTS[colorScheme] }
    const page = await browser.newPage({ viewport, colorScheme })
    await page.goto(pathToFileURL(sample.path).href)
    await page.screenshot({ path: join(FOLDER, `report-${colorScheme}.png`) })
    await page.close()
  }
} finally {
  await browser.close()
  await sample.remove()
}
