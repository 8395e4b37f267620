// Whether a partial's columns are totals that could be: ids that there are, whole sums, and books that balance. A file
// can have the right digest and wrong content; merged, it would be wrong bytes in a rollup, or books that don't balance
// and no name to blame.

import { ACCOUNTS } from '@zonetoll/model'
import type { HourColumns } from '@zonetoll/rollup'
import { PartialError } from './partial-error.ts'
import type { WideSums } from './partial-header.ts'

const STRIDE = 4
const SUMS = ['records', 'bytes', 'packets'] as const
const READ = ACCOUNTS.length
const SAME_ZONE = ACCOUNTS.indexOf('sameZone')
const CROSS_ZONE = ACCOUNTS.indexOf('crossZone')
const WORD = 2 ** 32
/** Words whose sum a double holds exactly. */
const MOST_WORDS = 2 ** 20

interface Table {
  readonly sums: Float64Array
  readonly wide: WideSums
}

export interface Ids {
  /** By endpoint id: the code of its zone. */
  readonly zoneOf: Int32Array
  readonly zones: number
  readonly flowLogs: number
  readonly allPairs: boolean
}

/** Throws PartialError where the columns can't be a shard's. */
export function checkPartialBooks({ accounts, pairs, zonePairs, overlap }: HourColumns, ids: Ids): void {
  const { zoneOf, zones, allPairs } = ids
  for (const table of [accounts, pairs.totals, zonePairs.totals]) checkSums(table)
  const knowsPair = (from: number, to: number) =>
    from >= 0 &&
    from < zoneOf.length &&
    to >= 0 &&
    to < zoneOf.length &&
    (allPairs || zoneOf[from] !== zoneOf[to])
  checkKeys('pair', pairs.totals, knowsPair)
  checkKeys('zone pair', zonePairs.totals, (from, to) => from >= 0 && from < zones && to >= 0 && to < zones)
  for (const [, first, last] of overlap) {
    if (first > last || last >= ids.flowLogs)
      throw new PartialError('is damaged: it names flow logs that aren’t')
  }

  const account = (row: number) => sumsOf(accounts, at => at === row)
  const known = added(account(SAME_ZONE), account(CROSS_ZONE))
  const isSame = (row: number) => firstKey(zonePairs.totals, row) === secondKey(zonePairs.totals, row)
  mustBe(
    'accounts',
    sumsOf(accounts, at => at < READ),
    'lines read',
    account(READ),
  )
  mustBe('zone pairs', sumsOf(zonePairs.totals, isSame), 'sameZone', account(SAME_ZONE))
  mustBe(
    'zone pairs',
    sumsOf(zonePairs.totals, row => !isSame(row)),
    'crossZone',
    account(CROSS_ZONE),
  )
  const whole = allPairs ? known : account(CROSS_ZONE)
  mustBe(
    'pairs',
    sumsOf(pairs.totals, () => true),
    allPairs ? 'sameZone + crossZone' : 'crossZone',
    whole,
  )
}

function checkSums({ sums, wide }: Table): void {
  for (let at = 0; at < sums.length; at += STRIDE) {
    for (let column = 0; column < SUMS.length; column++) {
      const sum = sums[at + column]!
      if (!Number.isSafeInteger(sum) || sum < 0)
        throw new PartialError('is damaged: a sum is no whole number')
    }
  }
  for (const at of wide.keys()) {
    const column = at % STRIDE
    if (at >= sums.length || column === 0 || column >= SUMS.length)
      throw new PartialError('is damaged: a sum above 2^53 belongs nowhere')
  }
}

function checkKeys(what: string, table: Table, isKnown: (first: number, second: number) => boolean): void {
  for (let row = 0; row * STRIDE < table.sums.length; row++) {
    if (!isKnown(firstKey(table, row), secondKey(table, row)))
      throw new PartialError(`is damaged: it has a ${what} that can't be`)
  }
}

function firstKey({ sums }: Table, row: number): number {
  return new Int32Array(sums.buffer, sums.byteOffset + (row * STRIDE + 3) * 8, 1)[0]!
}

function secondKey({ sums }: Table, row: number): number {
  return new Int32Array(sums.buffer, sums.byteOffset + (row * STRIDE + 3) * 8 + 4, 1)[0]!
}

// The exact sums of some rows. A sum's two words are added apart: doubles hold a million of them exactly.
function sumsOf({ sums, wide }: Table, counts: (row: number) => boolean): bigint[] {
  const totals = SUMS.map(() => 0n)
  for (let column = 0; column < SUMS.length; column++) {
    let [low, high, words] = [0, 0, 0]
    for (let row = 0; row * STRIDE < sums.length; row++) {
      if (!counts(row)) continue
      const sum = sums[row * STRIDE + column]!
      high += Math.floor(sum / WORD)
      low += sum % WORD
      if (++words < MOST_WORDS) continue
      totals[column]! += BigInt(high) * BigInt(WORD) + BigInt(low)
      low = high = words = 0
    }
    totals[column]! += BigInt(high) * BigInt(WORD) + BigInt(low)
  }
  for (const [at, sum] of wide) if (counts(Math.floor(at / STRIDE))) totals[at % STRIDE]! += sum
  return totals
}

function added(a: readonly bigint[], b: readonly bigint[]): bigint[] {
  return a.map((sum, column) => sum + b[column]!)
}

function mustBe(what: string, sums: readonly bigint[], against: string, expected: readonly bigint[]): void {
  for (const [column, name] of SUMS.entries()) {
    if (sums[column] !== expected[column]) {
      throw new PartialError(
        `has books that don't balance: its ${what} have ${sums[column]} ${name}, ${against} ${expected[column]}`,
      )
    }
  }
}
