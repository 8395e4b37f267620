// The options of `pnpm start` (contract, section 1), checked before anything is read.

import { availableParallelism } from 'node:os'
import {
  BadValue,
  UsageError,
  type CommandDefinition,
  readCluster,
  readText,
  wholeNumber,
} from '@zonetoll/command'
import { HOUR_SECONDS, parseHour, type Hour } from '@zonetoll/model'
import { scanningThreads } from './cores.ts'

export interface WorkerOptions {
  readonly hours: readonly Hour[]
  readonly logs: readonly string[]
  readonly assignments: string
  readonly rollups: string
  /** True where both logs and assignments are the bundled sample's. */
  readonly sample: boolean
  readonly cluster: string | null
  readonly flowLogIds: readonly string[]
  readonly appLabels: readonly string[]
  readonly allPairs: boolean
  /** Minutes. */
  readonly settle: number
  readonly concurrency: number
  readonly threads: number
  readonly skipBadObjects: boolean
  readonly quiet: boolean
  readonly json: boolean
}

export const DEFAULT_APP_LABELS = ['app.kubernetes.io/name', 'app']
const DEFAULT_SETTLE_MINUTES = 20
const LONGEST_SETTLE_MINUTES = 7 * 24 * 60
const MOST_CONCURRENCY = 1024
const MOST_THREADS = 64

export const START: CommandDefinition = {
  name: 'pnpm start',
  description: [
    'Reads one UTC hour of VPC flow logs, tells which pods sent each other how many bytes across availability',
    'zones, and writes them as one Parquet file with a ledger of every line read. Without --logs and',
    '--assignments it runs on the bundled sample, whose hour is 2024-05-01T10.',
  ].join(' '),
  options: [
    { flags: '--hour <hour>', description: 'the UTC hour, as 2024-05-01T10', parse: readHour },
    { flags: '--from <hour>', description: 'with --to: every hour of [from, to)', parse: readHour },
    { flags: '--to <hour>', description: 'the hour after the last one', parse: readHour },
    {
      flags: '--logs <uri>',
      description:
        'flow logs: s3://bucket/prefix, file:///dir or a path; may be repeated (default: the bundled sample)',
      parse: readText,
      repeatable: true,
    },
    {
      flags: '--assignments <uri>',
      description: 'the assignment log, as pnpm record writes it (default: the bundled sample)',
      parse: readText,
    },
    { flags: '--rollups <uri>', description: 'where rollups go (default: ./rollups)', parse: readText },
    {
      flags: '--cluster <name>',
      description: "the cluster's name (default: the only one in the assignment log)",
      parse: readCluster,
    },
    {
      flags: '--flow-log-id <id>',
      description: 'read these flow logs only; may be repeated (default: all)',
      parse: readFlowLogId,
      repeatable: true,
    },
    {
      flags: '--app-label <key>',
      description: `pod labels that name the app, first present wins; may be repeated (default: ${DEFAULT_APP_LABELS.join(', ')})`,
      parse: readText,
      repeatable: true,
    },
    { flags: '--all-pairs', description: 'rows for same-zone pairs too (default: cross-zone only)' },
    {
      flags: '--settle <minutes>',
      description: `how long after the hour's end its objects may still arrive (default: ${DEFAULT_SETTLE_MINUTES})`,
      parse: wholeNumber(0, LONGEST_SETTLE_MINUTES),
    },
    {
      flags: '--concurrency <n>',
      description: 'objects read at a time (default: by cores)',
      parse: wholeNumber(1, MOST_CONCURRENCY),
    },
    {
      flags: '--threads <n>',
      description: 'threads that scan, besides those that gunzip (default: by cores)',
      parse: wholeNumber(1, MOST_THREADS),
    },
    { flags: '--skip-bad-objects', description: 'leave unreadable objects out, whole, and say so' },
    { flags: '--quiet', description: 'no progress' },
    { flags: '--json', description: 'one JSON line at the end on standard output' },
  ],
  examples: [
    'pnpm start --hour 2024-05-01T10',
    'pnpm start --hour 2024-05-01T10 --logs s3://flow-logs --assignments s3://zonetoll/assignments --rollups s3://zonetoll/rollups',
    'pnpm start --from 2024-05-01T00 --to 2024-05-02T00 --logs ./logs --assignments ./assignments',
  ],
}

/** What commander read, as options. `sample` is where the bundled sample lies. Throws UsageError. */
export function readOptions(
  values: Readonly<Record<string, unknown>>,
  sample: { readonly logs: string; readonly assignments: string },
): WorkerOptions {
  const given = values as {
    hour?: Hour
    from?: Hour
    to?: Hour
    logs?: string[]
    assignments?: string
    rollups?: string
    cluster?: string
    flowLogId?: string[]
    appLabel?: string[]
    allPairs?: boolean
    settle?: number
    concurrency?: number
    threads?: number
    skipBadObjects?: boolean
    quiet?: boolean
    json?: boolean
  }
  return {
    hours: hoursOf(given),
    logs: given.logs ?? [sample.logs],
    assignments: given.assignments ?? sample.assignments,
    rollups: given.rollups ?? './rollups',
    sample: given.logs === undefined && given.assignments === undefined,
    cluster: given.cluster ?? null,
    flowLogIds: [...new Set(given.flowLogId)].sort(),
    appLabels: given.appLabel ?? DEFAULT_APP_LABELS,
    allPairs: given.allPairs ?? false,
    settle: given.settle ?? DEFAULT_SETTLE_MINUTES,
    concurrency: given.concurrency ?? Math.max(8, availableParallelism() * 4),
    threads: given.threads ?? scanningThreads(),
    skipBadObjects: given.skipBadObjects ?? false,
    quiet: given.quiet ?? false,
    json: given.json ?? false,
  }
}

function hoursOf(given: { readonly hour?: Hour; readonly from?: Hour; readonly to?: Hour }): Hour[] {
  const { hour, from, to } = given
  if (hour !== undefined) {
    if (from !== undefined || to !== undefined)
      throw new UsageError(
        '--hour and --from/--to exclude each other: give one (ZONETOLL_HOUR, ZONETOLL_FROM and ZONETOLL_TO count too)',
      )
    return [hour]
  }
  if (from === undefined && to === undefined) {
    throw new UsageError('no hour given: say --hour 2024-05-01T10, or --from and --to')
  }
  if (from === undefined || to === undefined) {
    throw new UsageError(`--from and --to go together: ${from === undefined ? '--from' : '--to'} is missing`)
  }
  if (from >= to) throw new UsageError('--from must be before --to: the hours are [from, to)')
  return Array.from({ length: (to - from) / HOUR_SECONDS }, (_, at) => (from + at * HOUR_SECONDS) as Hour)
}

function readHour(text: string): Hour {
  const hour = parseHour(text)
  if (hour === null) throw new BadValue('Expected a UTC hour like 2024-05-01T10.')
  return hour
}

function readFlowLogId(text: string): string {
  if (!/^fl-[0-9A-Za-z]+$/.test(text))
    throw new BadValue("Expected a flow log's ID like fl-0123456789abcdef0.")
  return text
}
