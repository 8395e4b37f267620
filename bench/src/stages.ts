// The stages one by one, in this process: tinybench over a part of the data that fits in memory.
//
// What is measured is CPU, user and system of all threads, not the clock on the wall: gunzip works on a thread of
// libuv's, and a busy machine changes CPU least.

import { Bench } from 'tinybench'
import { openHour, type OpenHour } from './open-hour.ts'
import type { DataSet } from './data-set.ts'
import type { Spread } from './spread.ts'
import { cpuSeconds } from './usage.ts'
import { readPart, type Part } from '../stages/part.ts'
import { gunzipStage } from '../stages/gunzip.ts'
import { lookUpStage } from '../stages/look-up.ts'
import { parquetStages } from '../stages/parquet.ts'
import { rowsStage } from '../stages/rows.ts'
import { scanStages } from '../stages/scan.ts'
import { totalsStage } from '../stages/totals.ts'

export interface Stage {
  readonly name: string
  /** What it is measured by, and how many of these one run takes. */
  readonly per: 'record' | 'row'
  readonly count: number
  /** Bytes of text that one run takes; null where it takes none. */
  readonly textBytes: number | null
  run(): unknown
}

export interface StageResult {
  readonly name: string
  readonly per: Stage['per']
  readonly count: number
  /** Of CPU, for each record or row. */
  readonly nanoseconds: Spread
  /** 10^6 bytes of text a second of CPU. */
  readonly textMegabytes: number | null
  readonly runs: number
}

export const WRITE_STAGE = 'Parquet, writing'

const LEAST_MILLIS = 500
const LEAST_RUNS = 5

/** Throws what a stage throws. */
export async function measureStages(data: DataSet, signal: AbortSignal): Promise<StageResult[]> {
  const hour = await openHour(data)
  const results: StageResult[] = []
  for (const stage of await stagesOf(hour, await readPart(data, hour)))
    results.push(await measure(stage, signal))
  return results
}

async function stagesOf(hour: OpenHour, part: Part): Promise<Stage[]> {
  const totals = await hour.readTotals()
  return [
    gunzipStage(part),
    ...scanStages(hour, part),
    lookUpStage(hour, part),
    totalsStage(hour, part),
    rowsStage(hour, totals),
    ...(await parquetStages(hour, totals)),
  ]
}

async function measure(stage: Stage, signal: AbortSignal): Promise<StageResult> {
  const { name, per, count, textBytes } = stage
  const bench = new Bench({
    now: () => cpuSeconds() * 1000,
    time: LEAST_MILLIS,
    iterations: LEAST_RUNS,
    warmupTime: LEAST_MILLIS / 2,
    warmupIterations: 2,
    throws: true,
    signal,
  })
  const task = bench.add(name, () => stage.run()).getTask(name)!
  await bench.run()
  signal.throwIfAborted()
  const { result } = task
  if (result.state !== 'completed') throw new Error(`the stage ${name} is ${result.state}`)
  const { p50, min, max, samplesCount } = result.latency
  const each = (millis: number) => (millis * 1e6) / Math.max(count, 1)
  return {
    name,
    per,
    count,
    nanoseconds: { median: each(p50), least: each(min), most: each(max) },
    textMegabytes: textBytes === null ? null : textBytes / 1e3 / p50,
    runs: samplesCount,
  }
}
