// The ledger: where every line of an hour's objects went. Written as _ledger.json, it makes the hour complete.

import { compareText, type ZoneId } from './endpoint.ts'
import { canonicalJson, type Json } from './canonical-json.ts'
import { formatSeconds, type Hour, type UnixSeconds } from './time.ts'

/** The exclusive classes of lines, in the order in which they are tried (contract, section 4). */
export const ACCOUNTS = [
  'malformed',
  'skipData',
  'noData',
  'otherHour',
  'ingress',
  'rejected',
  'unknownSource',
  'relayed',
  'outside',
  'unknownDestination',
  'sameZone',
  'crossZone',
] as const

export type Account = (typeof ACCOUNTS)[number]

/** Exact sums. Bytes and packets are 0 for lines that don't say. */
export interface Totals {
  readonly records: bigint
  readonly bytes: bigint
  readonly packets: bigint
}

export interface ZonePair extends Totals {
  readonly source: ZoneId
  readonly destination: ZoneId
}

export interface LedgerObject {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly records: number
  /** Why the object was left out, null where it was read whole. */
  readonly problem: string | null
}

export interface LedgerAssignments {
  readonly key: string
  readonly size: number
  readonly etag: string
}

/** How many pods of one workload held an address in the hour, by zone. */
export interface LedgerWorkload {
  readonly namespace: string
  readonly workload: string
  readonly zones: ReadonlyMap<ZoneId, number>
}

/** What the totals alone say, before objects and options are known. */
export interface HourAccounts {
  readonly read: Totals
  readonly accounts: Readonly<Record<Account, Totals>>
  readonly handedOver: Totals
  readonly cutAssignments: number
  readonly zones: readonly ZonePair[]
  readonly workloads: readonly LedgerWorkload[]
}

export interface LedgerOptions {
  readonly allPairs: boolean
  readonly appLabels: readonly string[]
  readonly flowLogIds: readonly string[]
  readonly settle: number
  readonly skipBadObjects: boolean
}

export interface Ledger extends HourAccounts {
  readonly cluster: string
  readonly hour: Hour
  readonly rows: number
  readonly rollupSha256: string
  readonly objects: readonly LedgerObject[]
  readonly assignments: readonly LedgerAssignments[]
  readonly emptySlots: readonly UnixSeconds[]
  readonly options: LedgerOptions
}

/** The text of `_ledger.json`: one line, keys sorted, the same text for the same ledger. */
export function formatLedger(ledger: Ledger): string {
  const json = {
    version: 1,
    cluster: ledger.cluster,
    hour: formatSeconds(ledger.hour),
    rows: ledger.rows,
    rollupSha256: ledger.rollupSha256,
    read: totalsJson(ledger.read),
    accounts: Object.fromEntries(ACCOUNTS.map(account => [account, totalsJson(ledger.accounts[account])])),
    handedOver: totalsJson(ledger.handedOver),
    cutAssignments: ledger.cutAssignments,
    zones: ledger.zones.map(zone => ({
      source: zone.source,
      destination: zone.destination,
      ...totalsJson(zone),
    })),
    objects: ledger.objects.map(object => ({ ...object })),
    assignments: ledger.assignments.map(assignments => ({ ...assignments })),
    workloads: ledger.workloads.map(({ namespace, workload, zones }) => ({
      namespace,
      workload,
      zones: Object.fromEntries([...zones].sort(([a], [b]) => compareText(a, b))),
    })),
    emptySlots: ledger.emptySlots.map(formatSeconds),
    options: {
      ...ledger.options,
      appLabels: [...ledger.options.appLabels],
      flowLogIds: [...ledger.options.flowLogIds],
    },
  }
  return `${canonicalJson(json)}\n`
}

function totalsJson(totals: Totals): { [key: string]: Json } {
  return {
    records: integerJson(totals.records),
    bytes: integerJson(totals.bytes),
    packets: integerJson(totals.packets),
  }
}

// JSON readers take numbers as doubles: above 2^53 a number would come back as another one.
function integerJson(value: bigint): Json {
  return value > 2n ** 53n ? value.toString() : Number(value)
}
