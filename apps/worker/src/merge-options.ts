// The options of `pnpm merge`: where the partials and the assignments lie. What counts is as the shards were told.

import { UsageError, wholeNumber, readText, type CommandDefinition } from '@zonetoll/command'
import type { Hour, UnixSeconds } from '@zonetoll/model'
import { hoursAsked, type HoursGiven } from './hours-asked.ts'
import { DEFAULT_ROLLUPS, DEFAULT_SETTLE_MINUTES, SHARED, type Circumstances } from './options.ts'
import { defaultMaxMemory } from './memory-bound.ts'
import { MOST_SHARDS } from './shard.ts'

export interface MergeOptions {
  readonly hour: Hour
  readonly now: UnixSeconds
  readonly assignments: string
  readonly rollups: string
  readonly cluster: string | null
  /** Null: as many as the partials say. */
  readonly shards: number | null
  /** Whether the hour's page is drawn, too. */
  readonly report: boolean
  /** Bytes. */
  readonly maxMemory: number
  readonly quiet: boolean
  readonly json: boolean
  readonly emf: boolean
}

export const MERGE: CommandDefinition = {
  name: 'pnpm merge',
  description: [
    'Joins the partial totals that the shards of an hour left (pnpm start --shard) to its rollup and ledger: the same',
    'bytes as one run would write. All shards must be there, of one listing of objects and one set of options; flow',
    'logs are not read, and what counts is as the shards were told. Removes the partials when the rollup stands.',
  ].join(' '),
  options: [
    SHARED.hour,
    SHARED.scheduledTime,
    {
      flags: '--shards <n>',
      description: 'how many shards there must be (default: as many as the partials say)',
      parse: wholeNumber(1, MOST_SHARDS),
    },
    {
      flags: '--assignments <uri>',
      description: 'the assignment log that the shards read',
      parse: readText,
    },
    SHARED.rollups,
    SHARED.cluster,
    SHARED.settle,
    SHARED.report,
    SHARED.maxMemory,
    SHARED.quiet,
    SHARED.json,
    SHARED.emf,
  ],
  examples: [
    'pnpm merge --hour 2024-05-01T10 --assignments s3://zonetoll/assignments --rollups s3://zonetoll/rollups',
    'pnpm merge --scheduled-time 2024-05-01T11:20:00Z --shards 8 --assignments s3://zonetoll/assignments --rollups s3://zonetoll/rollups',
  ],
}

/** `sample` is where the bundled sample lies. Throws UsageError. */
export function readMergeOptions(
  values: Readonly<Record<string, unknown>>,
  sample: { readonly assignments: string },
  circumstances: Circumstances,
): MergeOptions {
  const given = values as HoursGiven & {
    shards?: number
    assignments?: string
    rollups?: string
    cluster?: string
    settle?: number
    maxMemory?: number
    quiet?: boolean
    json?: boolean
    emf?: boolean
    report?: boolean
  }
  const now = given.scheduledTime ?? (Math.floor(circumstances.now / 1000) as UnixSeconds)
  if (given.hour === undefined && given.scheduledTime === undefined) {
    throw new UsageError('no hour given: say --hour 2024-05-01T10')
  }
  return {
    hour: hoursAsked(given, given.settle ?? DEFAULT_SETTLE_MINUTES, now).hours[0]!,
    now,
    assignments: given.assignments ?? sample.assignments,
    rollups: given.rollups ?? DEFAULT_ROLLUPS,
    cluster: given.cluster ?? null,
    shards: given.shards ?? null,
    maxMemory: given.maxMemory ?? defaultMaxMemory(),
    quiet: given.quiet ?? false,
    json: given.json ?? false,
    emf: given.emf ?? false,
    report: given.report ?? false,
  }
}
