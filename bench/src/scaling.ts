// How cost grows with records: memory must not, and CPU must grow no faster than they do.
//
//   peak memory of the whole run      a data set, and the same objects ten times over: the same pairs exactly
//   CPU a record, objects to rows     a data set, and one of ten times the records: more of the pairs show up there
//
// Ten times over are hard links: the same bytes under ten names a slot.

import { link, mkdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { contest, type ContestOptions, type Round } from './contest.ts'
import { objectsToRows, wholeRun } from './contestants.ts'
import { removeFolder, type DataSet } from './data-set.ts'
import { spreadOf, type Spread } from './spread.ts'

export const TIMES = 10

export interface ScalingResult {
  /** Of the smaller data set and the larger one. */
  readonly records: readonly [number, number]
  readonly rows: readonly [number, number]
  /** Bytes: the smaller data set once, and ten times over. */
  readonly peaks: readonly [Spread, Spread]
  /** Seconds: the smaller data set, and the larger one. */
  readonly cpu: readonly [Spread, Spread]
  readonly peak: Spread
  readonly cpuPerRecord: Spread
}

/** Throws RunError where an answer is wrong. */
export async function measureScaling(
  small: DataSet,
  large: DataSet,
  { rounds, ...options }: ContestOptions,
): Promise<ScalingResult> {
  const tenfold = await tenfoldOf(small)
  const peaks: [number[], number[]] = [[], []]
  const cpus: [number[], number[]] = [[], []]
  let rows: [number, number] = [0, 0]
  try {
    for (let round = 1; round <= rounds; round++) {
      const once = { ...options, rounds: 1, onTurn: (name: string) => options.onTurn(name, round) }
      const one = await contest([wholeRun, objectsToRows], small, small, once)
      const ten = await contest([wholeRun], tenfold, { ...small, times: TIMES }, once)
      const more = await contest([objectsToRows], large, large, once)
      const took = [one, ten, more].map(({ results }) => results.map(result => result.rounds[0]!))
      const [[wholeOne, rowsOne], [wholeTen], [rowsMore]] = took as [[Round, Round], [Round], [Round]]
      peaks[0].push(wholeOne.peak!)
      peaks[1].push(wholeTen.peak!)
      cpus[0].push(rowsOne.work.cpu)
      cpus[1].push(rowsMore.work.cpu)
      rows = [one.rows!, more.rows!]
    }
  } finally {
    await removeFolder(tenfoldFolder(small))
  }
  const perRecord = small.records / large.records
  return {
    records: [small.records, large.records],
    rows,
    peaks: [spreadOf(peaks[0])!, spreadOf(peaks[1])!],
    cpu: [spreadOf(cpus[0])!, spreadOf(cpus[1])!],
    peak: spreadOf(peaks[1].map((peak, at) => peak / peaks[0][at]!))!,
    cpuPerRecord: spreadOf(cpus[1].map((cpu, at) => (cpu / cpus[0][at]!) * perRecord))!,
  }
}

async function tenfoldOf(data: DataSet): Promise<DataSet> {
  const logs = tenfoldFolder(data)
  await removeFolder(logs)
  const objects: string[] = []
  for (const path of data.objects) {
    const name = join(logs, relative(data.logs, path))
    await mkdir(dirname(name), { recursive: true })
    for (let copy = 0; copy < TIMES; copy++) {
      const object = name.replace(/(?=\.log\.gz$)/, String(copy))
      await link(path, object)
      objects.push(object)
    }
  }
  return { ...data, logs, objects }
}

function tenfoldFolder({ logs }: DataSet): string {
  return `${logs}-${TIMES}-times`
}
