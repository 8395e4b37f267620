// The rows of an hour, in the order of their columns, made one at a time from the pair table.
//
// Endpoints are ranked once; endpoints that look alike in all seven columns (a StatefulSet's pod and its successor)
// share a rank and so a row. Pairs are put in order by two stable counting sorts, the lesser key first:
//
//   pairs -> by rank of destination -> by rank of source          O(pairs + endpoints), two Uint32 a pair

import { compareEndpoints, type Endpoint, type Hour, type RollupRow } from '@zonetoll/model'
import type { PairTable } from './pair-table.ts'

/** Sorted rows, made anew at each iteration. */
export interface RollupRows extends Iterable<RollupRow> {
  readonly length: number
}

const COLUMNS = ['records', 'bytes', 'packets'] as const

/** Iterating throws RangeError, naming the pair, where a row's sum passes 2^53 - 1: Parquet would get another number. */
export function sortedRows(hour: Hour, pairs: PairTable, endpoints: readonly Endpoint[]): RollupRows {
  const ranks = rankEndpoints(endpoints)
  const sourceRank = (pair: number) => ranks[pairs.source(pair)]!
  const destinationRank = (pair: number) => ranks[pairs.destination(pair)]!
  const order = new Uint32Array(pairs.size)
  for (let pair = 0; pair < order.length; pair++) order[pair] = pair
  const spare = new Uint32Array(pairs.size)
  countingSort(order, destinationRank, endpoints.length, spare)
  countingSort(spare, sourceRank, endpoints.length, order)

  // rowEnds[n] is where row n ends in `order`: pairs of like endpoints lie side by side.
  const rowEnds = spare
  let rows = 0
  for (let at = 0; at < order.length; at++) {
    const [pair, next] = [order[at]!, order[at + 1]]
    const goesOn =
      next !== undefined &&
      sourceRank(next) === sourceRank(pair) &&
      destinationRank(next) === destinationRank(pair)
    if (!goesOn) rowEnds[rows++] = at + 1
  }

  const rowOf = (row: number): RollupRow => {
    const from = row === 0 ? 0 : rowEnds[row - 1]!
    const sums = { records: 0, bytes: 0, packets: 0 }
    for (let at = from; at < rowEnds[row]!; at++) {
      for (const column of COLUMNS) sums[column] += pairs.totals.safe(order[at]!, column)
    }
    const source = endpoints[pairs.source(order[from]!)]!
    const destination = endpoints[pairs.destination(order[from]!)]!
    for (const column of COLUMNS) {
      if (!Number.isSafeInteger(sums[column])) throw new RangeError(tooLarge(column, source, destination))
    }
    return { hourStart: hour, source, destination, ...sums }
  }
  return {
    length: rows,
    *[Symbol.iterator]() {
      for (let row = 0; row < rows; row++) yield rowOf(row)
    },
  }
}

// Each endpoint's place among all in the order of rows; like endpoints have one place.
function rankEndpoints(endpoints: readonly Endpoint[]): Uint32Array {
  const sorted = Uint32Array.from({ length: endpoints.length }, (_, id) => id)
  sorted.sort((a, b) => compareEndpoints(endpoints[a]!, endpoints[b]!))
  const ranks = new Uint32Array(endpoints.length)
  let rank = 0
  for (const [at, id] of sorted.entries()) {
    if (at > 0 && compareEndpoints(endpoints[sorted[at - 1]!]!, endpoints[id]!) !== 0) rank++
    ranks[id] = rank
  }
  return ranks
}

// A stable sort by a key in 0 .. keys - 1, into another array of the same length.
function countingSort(
  items: Uint32Array,
  keyOf: (item: number) => number,
  keys: number,
  sorted: Uint32Array,
): void {
  const next = new Uint32Array(keys + 1)
  for (const item of items) next[keyOf(item) + 1]!++
  for (let key = 0; key < keys; key++) next[key + 1]! += next[key]!
  for (const item of items) sorted[next[keyOf(item)]!++] = item
}

function tooLarge(column: string, source: Endpoint, destination: Endpoint): string {
  return (
    `the ${column} from ${nameOf(source)} to ${nameOf(destination)} pass 2^53 - 1, more than the rollup holds ` +
    `exactly. Leave the object with such records out of the logs.`
  )
}

function nameOf({ kind, namespace, name }: Endpoint): string {
  return `${kind} ${JSON.stringify(namespace === null ? name : `${namespace}/${name}`)}`
}
