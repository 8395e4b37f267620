// The options of `pnpm start` (contract, section 1), checked before anything is read.

import { availableParallelism } from 'node:os'
import {
  BadValue,
  UsageError,
  type CommandDefinition,
  type OptionDefinition,
  readCluster,
  readText,
  wholeNumber,
} from '@zonetoll/command'
import { parseHour, parseInstant, type Hour, type UnixSeconds } from '@zonetoll/model'
import { scanningThreads } from './cores.ts'
import { DEFAULT_LOOKBACK_HOURS, hoursAsked, type HoursAsked, type HoursGiven } from './hours-asked.ts'
import { defaultMaxMemory, readSize } from './memory-bound.ts'
import { readLogsRole, rolesOf, type LogsRole } from './logs-roles.ts'
import { MOST_SHARDS, readShard, shardOf, type Shard } from './shard.ts'

export interface WorkerOptions extends HoursAsked {
  /** Of the hours asked for only those that need making. */
  readonly due: boolean
  /** The moment that is taken as now. */
  readonly now: UnixSeconds
  /** Null: the run reads all objects. */
  readonly shard: Shard | null
  readonly logs: readonly string[]
  /** By URI of logs: the role that reads it, undefined for the run's own credentials. */
  readonly logsRoles: readonly (string | undefined)[]
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
  /** Bytes. */
  readonly maxMemory: number
  readonly skipBadObjects: boolean
  readonly quiet: boolean
  readonly json: boolean
  readonly emf: boolean
  /** Whether each hour's page is drawn, too. */
  readonly report: boolean
}

/** What a run finds around it besides its options. */
export interface Circumstances {
  /** The clock, in milliseconds. */
  readonly now: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

export const DEFAULT_ROLLUPS = './rollups'
export const DEFAULT_APP_LABELS = ['app.kubernetes.io/name', 'app']
export const DEFAULT_SETTLE_MINUTES = 20
const MOST_LOOKBACK_HOURS = 31 * 24
const LONGEST_SETTLE_MINUTES = 7 * 24 * 60
const MOST_CONCURRENCY = 1024
const MOST_THREADS = 64

/** Options that `pnpm merge` has too. */
export const SHARED = {
  hour: { flags: '--hour <hour>', description: 'the UTC hour, as 2024-05-01T10', parse: readHour },
  scheduledTime: {
    flags: '--scheduled-time <time>',
    description:
      'the moment a schedule is for, as 2024-05-01T11:20:00Z: the last hour settled by then; with --due the moment taken as now',
    parse: readMoment,
  },
  rollups: {
    flags: '--rollups <uri>',
    description: 'where rollups go (default: ./rollups)',
    parse: readText,
  },
  cluster: {
    flags: '--cluster <name>',
    description: "the cluster's name (default: the only one in the assignment log)",
    parse: readCluster,
  },
  settle: {
    flags: '--settle <minutes>',
    description: `how long after the hour's end its objects may still arrive (default: ${DEFAULT_SETTLE_MINUTES})`,
    parse: wholeNumber(0, LONGEST_SETTLE_MINUTES),
  },
  maxMemory: {
    flags: '--max-memory <size>',
    description:
      'memory at which the run ends with a message, as 2GiB (default: four fifths of what the container or the machine has)',
    parse: readSize,
  },
  quiet: { flags: '--quiet', description: 'no progress' },
  json: { flags: '--json', description: 'one JSON line at the end on standard output' },
  report: {
    flags: '--report',
    description: "draw the hour's page beside its rollup, too: report.html, as pnpm report --hour does",
  },
  emf: {
    flags: '--emf',
    description: 'metrics on standard output, in the embedded metric format of CloudWatch',
  },
} as const satisfies Readonly<Record<string, OptionDefinition>>

export const START: CommandDefinition = {
  name: 'pnpm start',
  description: [
    'Reads one UTC hour of VPC flow logs, tells which pods sent each other how many bytes across availability',
    'zones, and writes them as one Parquet file with a ledger of every line read. Without --logs and',
    '--assignments it runs on the bundled sample, whose hour is 2024-05-01T10.',
  ].join(' '),
  options: [
    SHARED.hour,
    { flags: '--from <hour>', description: 'with --to: every hour of [from, to)', parse: readHour },
    { flags: '--to <hour>', description: 'the hour after the last one', parse: readHour },
    {
      flags: '--due',
      description:
        'make only hours that have settled and need it: no complete rollup stands, or its objects, assignments or options have changed since. Of the look-back, or of --hour, --from and --to',
    },
    {
      flags: '--lookback <hours>',
      description: `how many settled hours --due looks at (default: ${DEFAULT_LOOKBACK_HOURS})`,
      parse: wholeNumber(1, MOST_LOOKBACK_HOURS),
    },
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
    SHARED.rollups,
    SHARED.cluster,
    {
      flags: '--flow-log-id <id>',
      description: 'read these flow logs only; may be repeated (default: all)',
      parse: readFlowLogId,
      repeatable: true,
    },
    {
      flags: '--logs-role-arn <role>',
      description:
        'a role to assume to read --logs, for all of them or, as URI=ARN, for that one; may be repeated (default: own credentials)',
      parse: readLogsRole,
      repeatable: true,
    },
    {
      flags: '--app-label <key>',
      description: `pod labels that name the app, first present wins; may be repeated (default: ${DEFAULT_APP_LABELS.join(', ')})`,
      parse: readText,
      repeatable: true,
    },
    { flags: '--all-pairs', description: 'rows for same-zone pairs too (default: cross-zone only)' },
    SHARED.settle,
    SHARED.scheduledTime,
    {
      flags: '--shard <i/n>',
      description:
        "read this share of the hour's objects, I from 0, and leave it beside the rollup for pnpm merge (default: by AWS Batch's array job)",
      parse: readShard,
    },
    {
      flags: '--shards <n>',
      description: "how many shards there are, where the environment says which: a Kubernetes Indexed Job's",
      parse: wholeNumber(1, MOST_SHARDS),
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
    SHARED.maxMemory,
    { flags: '--skip-bad-objects', description: 'leave unreadable objects out, whole, and say so' },
    SHARED.quiet,
    SHARED.json,
    SHARED.report,
    SHARED.emf,
  ],
  examples: [
    'pnpm start --hour 2024-05-01T10',
    'pnpm start --hour 2024-05-01T10 --logs s3://flow-logs --assignments s3://zonetoll/assignments --rollups s3://zonetoll/rollups',
    'pnpm start --from 2024-05-01T00 --to 2024-05-02T00 --logs ./logs --assignments ./assignments',
    'pnpm start --due --logs s3://flow-logs --assignments s3://zonetoll/assignments --rollups s3://zonetoll/rollups',
    'pnpm start --hour 2024-05-01T10 --shard 3/8 --logs s3://flow-logs --assignments s3://zonetoll/assignments --rollups s3://zonetoll/rollups',
  ],
}

/**
 * What commander read, as options. `sample` is where the bundled sample lies. Without circumstances nothing has settled
 * and no engine of array jobs runs. Throws UsageError.
 */
export function readOptions(
  values: Readonly<Record<string, unknown>>,
  sample: { readonly logs: string; readonly assignments: string },
  circumstances: Circumstances = { now: 0, environment: {} },
): WorkerOptions {
  const given = values as HoursGiven & {
    shard?: Shard
    shards?: number
    logs?: string[]
    logsRoleArn?: LogsRole[]
    assignments?: string
    rollups?: string
    cluster?: string
    flowLogId?: string[]
    appLabel?: string[]
    allPairs?: boolean
    settle?: number
    concurrency?: number
    threads?: number
    maxMemory?: number
    skipBadObjects?: boolean
    quiet?: boolean
    json?: boolean
    emf?: boolean
    report?: boolean
  }
  const settle = given.settle ?? DEFAULT_SETTLE_MINUTES
  const now = given.scheduledTime ?? (Math.floor(circumstances.now / 1000) as UnixSeconds)
  const shard = shardOf(given, circumstances.environment)
  const due = given.due ?? false
  if (due && shard !== null) {
    throw new UsageError(
      '--due and --shard exclude each other: the shards of an hour must not each decide whether it is made. Name the hour with --hour or --scheduled-time',
    )
  }
  if (given.report === true && shard !== null) {
    throw new UsageError("--report draws a whole hour: give it to pnpm merge, which joins the hour's shards")
  }
  const logs = given.logs ?? [sample.logs]
  return {
    ...hoursAsked(given, settle, now),
    due,
    now,
    shard,
    logs,
    logsRoles: rolesOf(logs, given.logsRoleArn ?? []),
    assignments: given.assignments ?? sample.assignments,
    rollups: given.rollups ?? DEFAULT_ROLLUPS,
    sample: given.logs === undefined && given.assignments === undefined,
    cluster: given.cluster ?? null,
    flowLogIds: [...new Set(given.flowLogId)].sort(),
    appLabels: given.appLabel ?? DEFAULT_APP_LABELS,
    allPairs: given.allPairs ?? false,
    settle,
    concurrency: given.concurrency ?? Math.max(8, availableParallelism() * 4),
    threads: given.threads ?? scanningThreads(),
    maxMemory: given.maxMemory ?? defaultMaxMemory(),
    skipBadObjects: given.skipBadObjects ?? false,
    quiet: given.quiet ?? false,
    json: given.json ?? false,
    emf: given.emf ?? false,
    report: given.report ?? false,
  }
}

function readHour(text: string): Hour {
  const hour = parseHour(text)
  if (hour === null) throw new BadValue('Expected a UTC hour like 2024-05-01T10.')
  return hour
}

function readMoment(text: string): UnixSeconds {
  const millis = parseInstant(text)
  if (millis === null) throw new BadValue('Expected a moment like 2024-05-01T11:20:00Z.')
  return Math.floor(millis / 1000) as UnixSeconds
}

function readFlowLogId(text: string): string {
  if (!/^fl-[0-9A-Za-z]+$/.test(text))
    throw new BadValue("Expected a flow log's ID like fl-0123456789abcdef0.")
  return text
}
