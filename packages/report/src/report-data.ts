// What a page is drawn from: sums alone, ordered, exact.

import type {
  Account,
  Hour,
  Ledger,
  LedgerOptions,
  Totals,
  UnixSeconds,
  ZoneId,
  ZonePair,
} from '@zonetoll/model'
import type { Advice } from './advice.ts'
import type { Party } from './party.ts'

/** What the page needs of a ledger: all that is known before the rollup's file is written. */
export type ReportLedger = Omit<Ledger, 'rows' | 'rollupSha256' | 'assignments'>

/** The hours [from, to) of one cluster. */
export interface ReportRange {
  readonly cluster: string
  readonly from: Hour
  readonly to: Hour
}

/** Bytes of one hour. */
export interface HourFigures {
  readonly hour: Hour
  readonly crossZone: bigint
  readonly sameZone: bigint
  readonly unattributed: bigint
  /** Everything the clusters' own interfaces sent, each byte once. */
  readonly sent: bigint
}

/** What two parties in two zones sent, one way. */
export interface PairTotals extends Totals {
  readonly source: Party
  readonly destination: Party
}

/** Hours without a rollup: [from, until). */
export interface Gap {
  readonly from: Hour
  readonly until: Hour
}

export interface ObjectProblem {
  readonly hour: Hour
  readonly key: string
  readonly problem: string
}

/** Each hour of the page with the one that lies a range's length before it. */
export interface EarlierHours {
  /** How many of those there are; comparing needs all. */
  readonly found: number
  readonly crossZone: bigint
}

export interface ReportData extends ReportRange {
  /** The hours that have a rollup, in order. */
  readonly hours: readonly HourFigures[]
  readonly gaps: readonly Gap[]
  readonly earlier: EarlierHours
  readonly read: Totals
  readonly accounts: Readonly<Record<Account, Totals>>
  readonly handedOver: Totals
  readonly cutAssignments: number
  /** Sums by zones, same-zone ones too; by name. */
  readonly zones: readonly ZonePair[]
  /** Across zones, greatest first. */
  readonly pairs: readonly PairTotals[]
  readonly advice: Advice
  readonly objects: number
  readonly problems: readonly ObjectProblem[]
  readonly emptySlots: readonly UnixSeconds[]
  /** The distinct options that the hours were made with. */
  readonly options: readonly LedgerOptions[]
}

/** How many pods a workload had, by zone. */
export type PodCounts = ReadonlyMap<ZoneId, number>
