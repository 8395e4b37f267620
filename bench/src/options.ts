// The options of `pnpm bench`.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BadValue, UsageError, type CommandDefinition, wholeNumber } from '@zonetoll/command'
import { DEFAULT_RECORDS, DEFAULT_SCENARIO, SCENARIOS, type Scenario } from './scenarios.ts'

export interface BenchOptions {
  readonly scenarios: readonly Scenario[]
  readonly records: number
  readonly rounds: number
  readonly seed: number
  readonly data: string
  readonly list: boolean
  readonly once: boolean
  readonly scaling: boolean
  readonly record: boolean
  readonly json: boolean
  readonly quiet: boolean
}

const ONCE_RECORDS = 50_000
const LEAST_RECORDS = 1000
const MOST_RECORDS = 10_000_000_000
const MOST_ROUNDS = 100

export const BENCH: CommandDefinition = {
  name: 'pnpm bench',
  description: [
    'Measures Zonetoll on seeded data: its stages, and whole runs against gunzip alone (the limit), the plain Node',
    'way, DuckDB and zcat | mawk, by turns on the same objects. Every answer is checked; a wrong one ends the',
    'benchmark with status 1. Data is made once and kept.',
  ].join(' '),
  options: [
    {
      flags: '--scenario <name>',
      description: `which data; may be repeated (default: ${DEFAULT_SCENARIO}, with --once all)`,
      parse: readScenario,
      repeatable: true,
    },
    {
      flags: '--records <n>',
      description: `lines of flow logs (default: ${DEFAULT_RECORDS}, with --once ${ONCE_RECORDS})`,
      parse: wholeNumber(LEAST_RECORDS, MOST_RECORDS),
    },
    {
      flags: '--rounds <n>',
      description: 'turns that each takes (default: 3)',
      parse: wholeNumber(1, MOST_ROUNDS),
    },
    {
      flags: '--seed <s>',
      description: 'of the data, 0 to 4294967295 (default: 1)',
      parse: wholeNumber(0, 2 ** 32 - 1),
    },
    {
      flags: '--data <dir>',
      description: "where data is kept (default: zonetoll-bench in the system's folder for temporary files)",
    },
    { flags: '--list', description: 'say which scenarios there are' },
    {
      flags: '--once',
      description: 'answers only: small data of a tenth of the pods, each once, no figures',
    },
    {
      flags: '--scaling',
      description: 'also how memory and CPU grow: a fifth of the records, and ten times as many',
    },
    { flags: '--record', description: 'write a dated record into bench/record' },
    { flags: '--json', description: 'the result as one JSON line' },
    { flags: '--quiet', description: 'no progress' },
  ],
  examples: [
    'pnpm bench',
    'pnpm bench --records 1000000 --scenario ipv6 --scenario many-pairs',
    'pnpm bench --once',
    'pnpm bench --scaling --record',
  ],
}

/** What commander read, as options. Throws UsageError. */
export function readOptions(values: Readonly<Record<string, unknown>>): BenchOptions {
  const given = values as {
    scenario?: Scenario[]
    records?: number
    rounds?: number
    seed?: number
    data?: string
    list?: boolean
    once?: boolean
    scaling?: boolean
    record?: boolean
    json?: boolean
    quiet?: boolean
  }
  const once = given.once ?? false
  if (once) {
    const idle = (['rounds', 'scaling', 'record'] as const).filter(name => given[name] !== undefined)
    if (idle.length > 0) throw new UsageError(`--once measures nothing: leave out --${idle.join(', --')}`)
  }
  const standard = SCENARIOS.filter(({ name }) => name === DEFAULT_SCENARIO)
  return {
    scenarios: [...new Set(given.scenario ?? (once ? SCENARIOS : standard))],
    records: given.records ?? (once ? ONCE_RECORDS : DEFAULT_RECORDS),
    rounds: given.rounds ?? 3,
    seed: given.seed ?? 1,
    data: given.data ?? join(tmpdir(), 'zonetoll-bench'),
    list: given.list ?? false,
    once,
    scaling: given.scaling ?? false,
    record: given.record ?? false,
    json: given.json ?? false,
    quiet: given.quiet ?? false,
  }
}

function readScenario(text: string): Scenario {
  const scenario = SCENARIOS.find(({ name }) => name === text)
  if (scenario === undefined) {
    throw new BadValue(`Expected one of ${SCENARIOS.map(({ name }) => name).join(', ')}.`)
  }
  return scenario
}
