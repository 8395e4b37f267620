import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { GOLDEN_PAGE, goldenPage } from './golden-page.ts'

test('the same rollups give the bytes of the golden page', () => {
  const golden = readFileSync(GOLDEN_PAGE, 'utf8')
  const page = goldenPage()
  // Line by line, so that a difference is shown and not two pages.
  const [lines, goldenLines] = [page.split('\n'), golden.split('\n')]
  const at = lines.findIndex((line, number) => line !== goldenLines[number])
  expect(at < 0 ? 'alike' : { line: at + 1, page: lines[at], golden: goldenLines[at] }).toBe('alike')
  expect(page).toBe(golden)
})
