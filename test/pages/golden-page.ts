// The golden page: what the report makes of a few seeded hours with every kind of endpoint, odd names and gaps in them.
//
//   node test/pages/golden-page.ts      writes test/golden/report/page.html anew

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Hour } from '@zonetoll/model'
import { renderReport, ReportTotals } from '@zonetoll/report'
import { FIRST, randomHours } from '../../packages/report/test/random-hours.ts'

export const GOLDEN_PAGE = fileURLToPath(new URL('../golden/report/page.html', import.meta.url))

/** The page of hours made from the seed; one of them has no rollup. */
export function seededPage(seed: number, hours: number, rows: number): string {
  const totals = new ReportTotals({ cluster: 'demo', from: FIRST, to: (FIRST + hours * 3600) as Hour })
  for (const [at, { ledger, rows: all }] of randomHours(seed, hours, rows).entries()) {
    if (at === 2) continue
    totals.addLedger(ledger)
    for (const row of all) totals.add(row)
  }
  return renderReport(totals.close())
}

export function goldenPage(): string {
  return seededPage(4, 5, 40)
}

if (process.argv[1] === import.meta.filename) writeFileSync(GOLDEN_PAGE, goldenPage())
