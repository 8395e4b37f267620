// A question that has a name: what it asks in SQL, and how people see its answer.

import type { PeopleTable } from './people-table.ts'
import type { ResultColumn, ResultRow } from './plain-value.ts'
import type { FilterName, Filters } from './query-filters.ts'

export interface Question {
  readonly filters: Filters
  /** No row in the rollups is inside a zone: none was made with --all-pairs. */
  readonly crossZoneOnly: boolean
}

export interface NamedQuery {
  readonly name: string
  /** What it answers, for the list of questions. */
  readonly asks: string
  readonly takes: readonly FilterName[]
  /** A list of which people see the greatest first few. */
  readonly greatest: boolean
  /** Whether the ledgers alone don't answer. */
  needsRollups(filters: Filters): boolean
  /** A whole statement; columns are in the rollup's own words. */
  sql(question: Question): string
  table(columns: readonly ResultColumn[], rows: readonly ResultRow[]): PeopleTable
}

/** Only bytes that cross zones cost: questions about cost pass over the other rows, which --all-pairs makes. */
export const CROSSING = 'source_zone <> destination_zone'

/** The filters that one end of a row fits. */
export const OF_ENDS: readonly FilterName[] = ['namespace', 'app', 'workload', 'zone']
