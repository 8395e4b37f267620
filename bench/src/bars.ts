// The bars: ratios that the product is to keep, measured in one run on the same objects. They are meant for the
// standard scenario of 10 million records; on other data they are shown all the same.

import type { Result } from './contest.ts'
import { duckDb, gunzipAlone, objectsToRows, plainNode, wholeRun, type Contestant } from './contestants.ts'
import type { ScalingResult } from './scaling.ts'
import { spreadOf, type Spread } from './spread.ts'
import { WRITE_STAGE, type StageResult } from './stages.ts'

export interface Bar {
  readonly what: string
  /** Whether the figure is to be at most or at least the bar. */
  readonly is: 'at most' | 'at least'
  readonly bar: number
  readonly hoped: number
  readonly unit: string
  /** Null where it wasn't measured. */
  readonly measured: Spread | null
  readonly met: boolean | null
}

export interface Measured {
  readonly contest: readonly Result[] | null
  readonly stages: readonly StageResult[] | null
  readonly scaling: ScalingResult | null
}

type Figure = 'cpu' | 'wall'

/** All bars, in the order of the table that set them. The middle of the rounds' ratios counts. */
export function barsOf({ contest, stages, scaling }: Measured): Bar[] {
  const ratio = (over: Contestant, under: Contestant, figure: Figure) =>
    contest === null ? null : ratioOf(contest, over, under, figure)
  const write = stages?.find(({ name }) => name === WRITE_STAGE)
  return [
    atMost('objects to rows: CPU ÷ gunzip alone', 1.4, 1.25, ratio(objectsToRows, gunzipAlone, 'cpu')),
    atMost('the whole run: CPU ÷ gunzip alone', 1.7, 1.4, ratio(wholeRun, gunzipAlone, 'cpu')),
    atMost(
      'the whole run: wall ÷ gunzip alone on one stream',
      0.9,
      0.7,
      ratio(wholeRun, gunzipAlone, 'wall'),
    ),
    atLeast('plain Node: CPU ÷ objects to rows', 4, 5, ratio(plainNode, objectsToRows, 'cpu')),
    atLeast('DuckDB: CPU ÷ objects to rows', 4, 6, ratio(duckDb, objectsToRows, 'cpu')),
    atMost('peak memory: 10 times the records, same pairs ÷ one time', 1.1, 1.05, scaling?.peak ?? null),
    atMost(
      'objects to rows: CPU a record, 10 times the records ÷ one time',
      1.1,
      1,
      scaling?.cpuPerRecord ?? null,
    ),
    atMost('rows to Parquet: CPU a row', 20, 12, write === undefined ? null : microseconds(write), ' µs'),
  ]
}

/** By round: one contestant's figure of its work over another's; null where one of them took no part. */
export function ratioOf(
  results: readonly Result[],
  over: Contestant,
  under: Contestant,
  figure: Figure,
): Spread | null {
  const rounds = (contestant: Contestant) =>
    results.find(({ name }) => name === contestant.name)?.rounds ?? []
  const divisors = rounds(under)
  return spreadOf(
    rounds(over)
      .slice(0, divisors.length)
      .map((round, at) => round.work[figure] / divisors[at]!.work[figure]),
  )
}

function microseconds({ nanoseconds }: StageResult): Spread {
  const { median, least, most } = nanoseconds
  return { median: median / 1000, least: least / 1000, most: most / 1000 }
}

function atMost(what: string, bar: number, hoped: number, measured: Spread | null, unit = ''): Bar {
  return { what, is: 'at most', bar, hoped, unit, measured, met: measured && measured.median <= bar }
}

function atLeast(what: string, bar: number, hoped: number, measured: Spread | null): Bar {
  return { what, is: 'at least', bar, hoped, unit: '', measured, met: measured && measured.median >= bar }
}
