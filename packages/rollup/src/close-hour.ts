// One hour: totals in, sorted rows and balanced accounts out.

import type { Timeline } from '@zonetoll/assignments'
import {
  ACCOUNTS,
  compareText,
  type Account,
  type HourAccounts,
  type Totals,
  type ZoneId,
  type ZonePair,
} from '@zonetoll/model'
import type { Overlap } from './flow-log-overlap.ts'
import { HANDED_OVER, READ, type HourTotals } from './hour-totals.ts'
import { sortedRows, type RollupRows } from './rollup-rows.ts'
import { sumTotals } from './totals-table.ts'
import { countWorkloads } from './workloads.ts'

/** The books don't balance: a broken promise of ours. No rollup is better than a wrong one. */
export class BalanceError extends Error {
  override readonly name = 'BalanceError'
}

/** What a pair takes besides its row in the table, while rows are put in order. */
const CLOSING_BYTES = 8
/** What a zone pair takes as an object and, later, as text of the ledger. */
const ZONE_PAIR_BYTES = 1024

export interface ClosedHour {
  readonly rows: RollupRows
  readonly accounts: HourAccounts
  /** Interfaces that two flow logs logged: their bytes are in the totals twice. */
  readonly overlaps: readonly Overlap[]
}

/**
 * The rows, sorted, and the accounts of an hour's totals; `timeline` is the one they were attributed by. Throws
 * BalanceError where the books don't add up, and what the totals' room throws.
 */
export function closeHour(totals: HourTotals, timeline: Timeline): ClosedHour {
  const { size } = totals.pairs
  totals.room(
    size * CLOSING_BYTES + totals.zonePairs.size * ZONE_PAIR_BYTES + timeline.endpoints.length * 8,
    size,
  )
  const accounts = Object.fromEntries(
    ACCOUNTS.map((account, at) => [account, totals.accounts.totals(at)]),
  ) as Record<Account, Totals>
  const read = totals.accounts.totals(READ)
  const zones = zonePairs(totals)
  const { pairs, allPairs, hour } = totals
  const rows = pairs.totals.sum(pairs.size)
  const known = sumTotals([accounts.sameZone, accounts.crossZone])
  mustBalance('accounts', sumTotals(Object.values(accounts)), 'lines read', read)
  mustBalance('zones', sumTotals(zones), 'sameZone + crossZone', known)
  mustBalance(
    'rows',
    rows,
    allPairs ? 'sameZone + crossZone' : 'crossZone',
    allPairs ? known : accounts.crossZone,
  )
  return {
    rows: sortedRows(hour, pairs, timeline.endpoints),
    accounts: {
      read,
      accounts,
      handedOver: totals.accounts.totals(HANDED_OVER),
      cutAssignments: timeline.cutAssignments,
      zones,
      workloads: countWorkloads(timeline, hour),
    },
    overlaps: [...totals.overlap.overlaps()],
  }
}

function zonePairs({ zonePairs: pairs, attribution }: HourTotals): ZonePair[] {
  const { zones } = attribution.tokens
  return Array.from({ length: pairs.size }, (_, pair) => ({
    source: zones.token(pairs.source(pair)) as ZoneId,
    destination: zones.token(pairs.destination(pair)) as ZoneId,
    ...pairs.totals.totals(pair),
  })).sort((a, b) => compareText(a.source, b.source) || compareText(a.destination, b.destination))
}

function mustBalance(what: string, sum: Totals, against: string, expected: Totals): void {
  for (const column of ['records', 'bytes', 'packets'] as const) {
    if (sum[column] !== expected[column]) {
      throw new BalanceError(
        `the books don't balance: ${what} have ${sum[column]} ${column}, ${against} ${expected[column]}. ` +
          `This is an error of Zonetoll's; nothing was written.`,
      )
    }
  }
}
