// Results as text: for a terminal, and for the record.

import { formatBytes, formatCount } from '@zonetoll/model'
import { layOut } from '@zonetoll/command'
import { barsOf, type Bar, type Measured } from './bars.ts'
import type { ContestResult, Result } from './contest.ts'
import { gunzipAlone } from './contestants.ts'
import type { DataSet } from './data-set.ts'
import type { Machine } from './machine.ts'
import { TIMES, type ScalingResult } from './scaling.ts'
import { DEFAULT_RECORDS, DEFAULT_SCENARIO } from './scenarios.ts'
import { formatFigure, formatSpread, spreadOf, type Spread } from './spread.ts'
import type { StageResult } from './stages.ts'

export interface ScenarioResult {
  readonly name: string
  readonly what: string
  readonly records: number
  readonly fields: number
  readonly objects: number
  readonly textBytes: number
  readonly storedBytes: number
  readonly contest: ContestResult
  readonly stages: readonly StageResult[]
  readonly scaling: ScalingResult | null
}

export interface BenchResult {
  readonly machine: Machine
  readonly rounds: number
  readonly seed: number
  readonly scenarios: readonly ScenarioResult[]
}

export function scenarioResult(
  { scenario: { name, what }, records, fields, objects, textBytes, storedBytes }: DataSet,
  measured: Pick<ScenarioResult, 'contest' | 'stages' | 'scaling'>,
): ScenarioResult {
  return { name, what, records, fields, objects: objects.length, textBytes, storedBytes, ...measured }
}

export function machineText({ cores, processor, memoryBytes, system, node }: Machine): string {
  return `${cores} cores (${processor}), ${formatBytes(memoryBytes)}, ${system}, Node ${node}`
}

export function scenarioText(result: ScenarioResult, rounds: number): string {
  const { name, what, records, fields, objects, textBytes, storedBytes, contest, stages, scaling } = result
  const rows = contest.rows === null ? '' : `; ${formatCount(contest.rows)} rows`
  return [
    `${name}: ${what}`,
    `${formatCount(records)} records of ${fields} fields in ${formatCount(objects)} ` +
      `${objects === 1 ? 'object' : 'objects'}, ${formatBytes(textBytes)} of text, stored ${formatBytes(storedBytes)}${rows}`,
    '',
    ...contestTable(result),
    '',
    `The middle of ${rounds} ${rounds === 1 ? 'round' : 'rounds'} by turns (least–most). CPU s: user and system, from the first object opened to the last`,
    `row ready; of the process: start-up and all. The whole run's CPU, and that of zcat | mawk, is the process's.`,
    '',
    ...stageTable(stages),
    '',
    ...barTable(measuredOf(result)),
    ...(isMeant(result) ? [] : ['', `The bars are meant for ${BARS_ARE_FOR}.`]),
    ...(scaling === null ? [] : ['', ...scalingText(scaling)]),
    '',
  ].join('\n')
}

const BARS_ARE_FOR = `the scenario ${DEFAULT_SCENARIO} and ${formatCount(DEFAULT_RECORDS)} records`

function isMeant({ name, records }: ScenarioResult): boolean {
  return name === DEFAULT_SCENARIO && records === DEFAULT_RECORDS
}

export function measuredOf({ contest, stages, scaling }: ScenarioResult): Measured {
  return { contest: contest.results, stages, scaling }
}

const CONTEST_HEAD = [
  '',
  'CPU s',
  'of the process',
  'wall s',
  'MB/s of text',
  'records/s',
  'peak memory',
  '÷ gunzip alone',
]

function contestTable({ contest: { results }, textBytes, records }: ScenarioResult): string[] {
  const limit = results.find(({ name }) => name === gunzipAlone.name)?.rounds ?? []
  return layOut([CONTEST_HEAD, ...results.map(result => contestRow(result, limit, textBytes, records))], {
    left: 1,
  })
}

function contestRow(
  { name, absent, rounds }: Result,
  limit: Result['rounds'],
  textBytes: number,
  records: number,
): string[] {
  if (absent !== null) return [name, absent, ...CONTEST_HEAD.slice(2).map(() => '')]
  const wall = spreadOf(rounds.map(({ work }) => work.wall))
  const peak = spreadOf(rounds.flatMap(round => round.peak ?? []))
  const ratios = rounds.flatMap(({ work }, at) =>
    limit[at] === undefined ? [] : work.cpu / limit[at].work.cpu,
  )
  return [
    name,
    formatSpread(spreadOf(rounds.map(({ work }) => work.cpu))),
    middle(spreadOf(rounds.map(round => round.process.cpu))),
    formatSpread(wall),
    wall === null ? '-' : formatCount(Math.round(textBytes / 1e6 / wall.median)),
    wall === null ? '-' : formatCount(Math.round(records / wall.median)),
    peak === null ? '-' : formatBytes(peak.median),
    formatSpread(spreadOf(ratios)),
  ]
}

function stageTable(stages: readonly StageResult[]): string[] {
  const rows = stages.map(({ name, per, nanoseconds, textMegabytes, count, runs }) => [
    name,
    per === 'record' ? `${formatSpread(nanoseconds)} ns` : `${formatSpread(microseconds(nanoseconds))} µs`,
    `a ${per}`,
    textMegabytes === null ? '' : formatCount(Math.round(textMegabytes)),
    `${formatCount(count)} ${per}s, ${runs} times`,
  ])
  return layOut([['stage', 'CPU', '', 'MB/s of text', 'of'], ...rows], { left: 1, last: 'left' })
}

function barTable(measured: Measured): string[] {
  const rows = barsOf(measured).map(bar => [
    bar.what,
    `${bar.is === 'at most' ? '≤' : '≥'} ${bar.bar}${bar.unit}`,
    `${bar.hoped}${bar.unit}`,
    bar.measured === null ? '-' : formatSpread(bar.measured) + bar.unit,
    verdict(bar),
  ])
  return layOut([['', 'bar', 'hoped for', 'measured', ''], ...rows], { left: 1, last: 'left' })
}

/** `met`, `as hoped`, `not met`, `not measured`. */
export function verdict({ is, hoped, measured, met }: Bar): string {
  if (measured === null || met === null) return 'not measured'
  if (!met) return 'not met'
  return (is === 'at most' ? measured.median <= hoped : measured.median >= hoped) ? 'as hoped' : 'met'
}

function scalingText({ records, rows, peaks, cpu }: ScalingResult): string[] {
  const [small, large] = records.map(formatCount)
  return [
    `Scaling: ${small} records (${formatCount(rows[0])} rows) and ${large} (${formatCount(rows[1])} rows)`,
    `  the whole run's peak memory: ${formatBytes(peaks[0].median)}; the same objects ${TIMES} times over: ${formatBytes(peaks[1].median)}`,
    `  objects to rows: ${formatSpread(cpu[0])} CPU s; ${formatSpread(cpu[1])}`,
  ]
}

function middle(spread: Spread | null): string {
  return spread === null ? '-' : formatFigure(spread.median)
}

function microseconds({ median, least, most }: Spread): Spread {
  return { median: median / 1000, least: least / 1000, most: most / 1000 }
}
