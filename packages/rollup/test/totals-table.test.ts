import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sumTotals, TotalsTable } from '../src/totals-table.ts'

const TOP = 2n ** 63n - 1n

/** Adds one record of these counts, as the rollup does. */
function add(table: TotalsTable, row: number, bytes: bigint, packets: bigint): void {
  if (bytes < 2n ** 53n && packets < 2n ** 53n) table.add(row, 1, Number(bytes), Number(packets))
  else table.addWide(row, 1, bytes, packets)
}

const COUNT = fc.oneof(
  fc.bigInt({ min: 0n, max: 5000n }),
  fc.bigInt({ min: 0n, max: TOP }),
  fc
    .tuple(fc.constantFrom(2n ** 32n, 2n ** 52n, 2n ** 53n), fc.integer({ min: -2, max: 2 }))
    .map(([base, step]) => base + BigInt(step)),
  fc.constant(TOP),
)

test('sums are those of BigInt at any size, in every column and row, grown and added up', () => {
  let wide = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2), COUNT, COUNT), { maxLength: 20 }), records => {
      const halves = [new TotalsTable(1), new TotalsTable(3)] as const
      halves[0].grow(3)
      const twin = Array.from({ length: 3 }, () => ({ records: 0n, bytes: 0n, packets: 0n }))
      for (const [at, [row, bytes, packets]] of records.entries()) {
        add(halves[at % 2]!, row, bytes, packets)
        const sums = twin[row]!
        sums.records += 1n
        sums.bytes += bytes
        sums.packets += packets
      }
      const whole = new TotalsTable(3)
      for (const half of halves) for (let row = 0; row < 3; row++) whole.addRow(row, half, row)
      for (let rows = 0; rows <= 3; rows++) expect(whole.sum(rows)).toEqual(sumTotals(twin.slice(0, rows)))
      for (const [row, expected] of twin.entries()) {
        expect(whole.totals(row)).toEqual(expected)
        expect(sumTotals(halves.map(half => half.totals(row)))).toEqual(expected)
        for (const column of ['bytes', 'packets'] as const) {
          const fits = expected[column] <= BigInt(Number.MAX_SAFE_INTEGER)
          if (!fits) wide++
          expect(whole.safe(row, column)).toBe(fits ? Number(expected[column]) : Number.NaN)
        }
        expect(whole.safe(row, 'records')).toBe(Number(expected.records))
      }
    }),
    { seed: 71, numRuns: 2000 },
  )
  expect(wide).toBeGreaterThan(1000)
})

test('keys stay with their rows as a table grows', () => {
  const table = new TotalsTable(2)
  table.setKey(1, 7, -1)
  add(table, 1, 5n, 6n)
  expect(table.rows).toBe(2)
  table.grow(5)
  expect(table.rows).toBe(5)
  expect([table.firstKey(1), table.secondKey(1), table.totals(1).bytes, table.totals(4).records]).toEqual([
    7,
    -1,
    5n,
    0n,
  ])
  expect([
    table.hasKey(1, 7, -1),
    table.hasKey(1, -1, 7),
    table.hasKey(1, 7, 0),
    table.hasKey(0, 7, -1),
  ]).toEqual([true, false, false, false])
})

describe('a sum', () => {
  test('of 2^53 - 1 and 1 is exact, and no longer a safe number', () => {
    const table = new TotalsTable(1)
    add(table, 0, 2n ** 53n - 1n, 0n)
    expect([table.totals(0).bytes, table.safe(0, 'bytes')]).toEqual([2n ** 53n - 1n, Number.MAX_SAFE_INTEGER])
    add(table, 0, 1n, 0n)
    expect([table.totals(0).bytes, table.safe(0, 'bytes')]).toEqual([2n ** 53n, Number.NaN])
    add(table, 0, 1n, 0n)
    expect(table.totals(0).bytes).toBe(2n ** 53n + 1n)
  })

  test('goes on exactly after it has passed 2^53, with small counts and with the greatest', () => {
    const table = new TotalsTable(1)
    let expected = 0n
    for (let at = 0; at < 1000; at++) {
      const bytes = at % 3 === 0 ? TOP : BigInt(at)
      add(table, 0, bytes, 1n)
      expected += bytes
    }
    expect(table.totals(0)).toEqual({ records: 1000n, bytes: expected, packets: 1000n })
  })

  test('counts records without bytes', () => {
    const table = new TotalsTable(2)
    table.add(1, 7, 0, 0)
    expect([table.totals(0).records, table.totals(1)]).toEqual([0n, { records: 7n, bytes: 0n, packets: 0n }])
  })
})
