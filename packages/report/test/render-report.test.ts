import { createHash } from 'node:crypto'
import type { Endpoint, Hour, RollupRow, ZoneId } from '@zonetoll/model'
import { describe, expect, test } from 'vitest'
import { formatChange, formatInterval } from '../src/figures.ts'
import { SCRIPT_HASH, STYLE_HASH } from '../src/page-elements.ts'
import { PAGE_SCRIPT } from '../src/page-script.ts'
import { PAGE_STYLE } from '../src/page-style.ts'
import { renderReport } from '../src/render-report.ts'
import { ReportTotals } from '../src/report-totals.ts'
import { routeCommand, routeManifest, spreadManifest } from '../src/snippets.ts'
import { scaleFor } from '../src/trend.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { FIRST, ledgerOf, randomHours, ZONES } from './random-hours.ts'

function pageOf(hours = randomHours(1, 5), options = {}): string {
  const totals = new ReportTotals({
    cluster: 'demo',
    from: FIRST,
    to: (FIRST + hours.length * 3600) as Hour,
  })
  for (const { ledger, rows } of hours) {
    totals.addLedger(ledger)
    for (const row of rows) totals.add(row)
  }
  return renderReport(totals.close(), options)
}

/** What a reader sees of the page, roughly: its text. */
function textOf(page: string): string {
  return page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}

test('the same data give the same page, whatever order it came in', () => {
  const hours = randomHours(2, 4)
  const turned = hours.map(({ ledger, rows }) => ({ ledger, rows: rows.toReversed() }))
  expect(pageOf(turned)).toBe(pageOf(hours))
})

test('the page names nothing to load, and its policy allows its own style and script alone', () => {
  const page = pageOf()
  expect(page).not.toMatch(/<(?:link|img|iframe|object|embed|base|audio|video|use|image)\b/i)
  expect(page).not.toMatch(/\s(?:src|srcset|action|formaction|ping|style|on\w+)=/i)
  expect([...page.matchAll(/href="([^"]*)"/g)].filter(([, target]) => !target!.startsWith('#'))).toEqual([])
  expect(page).not.toMatch(/https?:|@import/)
  expect(page).toContain(
    `content="default-src &#39;none&#39;; style-src &#39;${STYLE_HASH}&#39;; script-src &#39;${SCRIPT_HASH}&#39;;`,
  )
})

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

test('the hashes in the policy are those of the style and the script', () => {
  expect({ style: STYLE_HASH, script: SCRIPT_HASH }).toEqual({
    style: hashOf(PAGE_STYLE),
    script: hashOf(PAGE_SCRIPT),
  })
  // What would end the element.
  expect(PAGE_STYLE).not.toContain('</')
  expect(PAGE_SCRIPT).not.toContain('</')
  expect(PAGE_SCRIPT).not.toContain('<!--')
})

test('every element is closed where it was opened', () => {
  const open: string[] = []
  const page = pageOf().replace(/<(style|script)>.*?<\/\1>/gs, '')
  for (const [tag, end, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b([^>]*)>/g)) {
    if (['meta', 'input', 'hr'].includes(name!) || rest!.endsWith('/')) continue
    if (end === '') open.push(name!)
    else expect(open.pop(), tag).toBe(name)
  }
  expect(open).toEqual([])
})

test('ids stand once, and every link within the page leads to one', () => {
  const page = pageOf()
  const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!)
  expect(new Set(ids).size).toBe(ids.length)
  const targets = [...page.matchAll(/(?:href="#|url\(#|aria-labelledby=")([^")]*)/g)].map(([, id]) => id!)
  expect(targets.length).toBeGreaterThan(5)
  expect(targets.filter(id => !ids.includes(id))).toEqual([])
})

describe('dollars', () => {
  const GIB = 2 ** 30
  const rows = [rowOf({ bytes: 100 * GIB })]
  const hours = [{ rows, ledger: ledgerOf(rows, FIRST, [], new Seeded(1)) }]

  test('are two cents a GiB, and a month is 730 such hours', () => {
    const text = textOf(pageOf(hours))
    expect(text).toContain('Cost $2.00 at $0.02 a GiB')
    expect(text).toContain('A month like this $1,460.00')
  })

  test('follow the price that is given', () => {
    const text = textOf(pageOf(hours, { usdPerGb: 0.01, gb: 1e9 }))
    expect(text).toContain('Cost $1.07 at $0.01 a GB')
  })
})

describe('names of strangers', () => {
  const long = 'n'.repeat(10_000)
  const names = [
    '</script><script>alert(1)</script>',
    '"><svg onload=alert(1)>',
    'a\u202eb\u0000\u200b',
    long,
  ]
  const rows = names.flatMap(name =>
    names.map(other =>
      rowOf({ bytes: 5, namespace: name, workload: `Deployment/${other}`, app: name, zone: name as ZoneId }),
    ),
  )
  const page = pageOf([{ rows, ledger: ledgerOf(rows, FIRST, [], new Seeded(1)) }], {
    title: `${names[0]} ${long}`,
  })

  test('are text', () => {
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).not.toContain('<svg onload')
    for (const hidden of ['\u0000', '\u202e', '\u200b']) expect(page).not.toContain(hidden)
    expect(page).toContain(String.raw`a\u{202e}b\u{0}\u{200b}`)
  })

  test('are cut where they are too long, with more of them to be read on hovering', () => {
    expect(page).toContain(`${'n'.repeat(63)}…`)
    expect(page).toContain(`title="${'n'.repeat(319)}…"`)
    expect(page).not.toContain('n'.repeat(321))
  })

  test('never stand in a command to copy', () => {
    expect(page).not.toContain('kubectl')
    const bad = { kind: 'pod', namespace: 'shop', name: null } as const
    for (const workload of [
      'Deployment/$(reboot)',
      'Deployment/a;b',
      'Deployment/a/b',
      'cart',
      "Deployment/'",
    ]) {
      for (const make of [routeCommand, routeManifest, spreadManifest]) {
        expect(make({ ...bad, workload })).toBeNull()
        expect(make({ ...bad, namespace: '-o', workload: 'Deployment/cart' })).toBeNull()
      }
    }
  })
})

test('a page of a month of very many names stays below 3 MB, and says what it leaves out', () => {
  const random = new Seeded(4)
  const zones = Array.from({ length: 40 }, (_, at) => `zone-${at}` as ZoneId)
  const name = () => `${'é"<&'.repeat(60)}${random.int(3000)}`
  const hours = Array.from({ length: 720 }, (_, at) => {
    const hour = (FIRST + at * 3600) as Hour
    const rows = random.list(40, () =>
      rowOf({
        hour,
        bytes: random.int(1e9),
        namespace: name(),
        workload: `Deployment/${name()}`,
        app: name(),
        zone: random.pick(zones),
        to: random.pick(zones),
      }),
    )
    return { rows, ledger: ledgerOf(rows, hour, [], random) }
  })
  const page = pageOf(hours)
  expect(new TextEncoder().encode(page).length).toBeLessThan(3_000_000)
  expect(textOf(page)).toMatch(/[\d,]+ more pairs, not shown/)
  expect(textOf(page)).toMatch(/[\d,]+ more namespaces/)
  expect(textOf(page)).toMatch(/Not shown: 28 zones/)
})

test('an hour in which nothing crossed, and a range without any hour, are pages too', () => {
  const nothing = [{ rows: [], ledger: ledgerOf([], FIRST, [], new Seeded(1)) }]
  expect(textOf(pageOf(nothing))).toContain('Nothing crossed zones.')
  const empty = new ReportTotals({ cluster: 'demo', from: FIRST, to: (FIRST + 7200) as Hour }).close()
  expect(textOf(renderReport(empty))).toContain('2 hours without a rollup')
})

test('a long range is drawn by days', () => {
  const rows: RollupRow[] = []
  const hours = Array.from({ length: 800 }, (_, at) => {
    const hour = (FIRST + at * 3600) as Hour
    return { rows, ledger: ledgerOf(rows, hour, [], new Seeded(at)) }
  })
  expect(textOf(pageOf(hours))).toContain('Day by day')
})

test.each([
  [0, 1, 1],
  [3, 3, 4],
  [1000, 1024, 5],
  [1500 * 2 ** 20, 1536 * 2 ** 20, 4],
  [2 ** 50, 2 ** 50, 5],
])('a scale for %d bytes goes to %d in %d marks', (most, top, marks) => {
  const scale = scaleFor(most)
  expect(scale.top).toBe(top)
  expect(scale.marks).toHaveLength(marks)
  expect(scale.marks.at(-1)).toBe(most === 0 ? 0 : top)
})

test.each([
  [110n, 100n, '+10.0 %'],
  [90n, 100n, '−10.0 %'],
  [100n, 100n, '±0 %'],
  [5n, 0n, 'new'],
  [100_001n, 100_000n, '+<0.1 %'],
  [10_000n, 1n, '+999,900 %'],
])('a change to %d from %d is %s', (now, before, text) => {
  expect(formatChange(now, before)).toBe(text)
})

function hourAfter(hours: number): Hour {
  return (FIRST + hours * 3600) as Hour
}

test('an interval names its second day where there is one', () => {
  expect(formatInterval(hourAfter(0), hourAfter(1))).toBe('2024-05-01 10:00 to 11:00 UTC')
  expect(formatInterval(hourAfter(0), hourAfter(14))).toBe('2024-05-01 10:00 to 2024-05-02 00:00 UTC')
  expect(formatInterval(hourAfter(0), hourAfter(24))).toBe('2024-05-01 10:00 to 2024-05-02 10:00 UTC')
})

interface RowParts extends Partial<Endpoint> {
  readonly bytes: number
  readonly hour?: Hour
  readonly to?: ZoneId
}

function rowOf({ bytes, hour = FIRST, to = ZONES[1]!, ...parts }: RowParts): RollupRow {
  const source: Endpoint = {
    kind: 'pod',
    namespace: 'shop',
    name: 'cart-1',
    workload: 'Deployment/cart',
    app: 'cart',
    node: null,
    zone: ZONES[0]!,
    ...parts,
  }
  const destination = { ...source, workload: 'Deployment/orders', zone: to }
  return { hourStart: hour, source, destination, bytes, packets: 1, records: 1 }
}
