// The columns of rollup.parquet, in the file's order (contract, section 5).
//
//   hour_start                          TIMESTAMP_MILLIS   milliseconds since 1970, UTC
//   source_kind … source_zone           UTF8               kind, name and zone always; null where it doesn't apply
//   destination_kind … destination_zone UTF8               likewise
//   bytes, packets, records             INT64              0 to 2^53 - 1
//
// Statistics (min and max of a row group) let a reader skip row groups. They stand only where they are sure to
// be right: parquetjs-lite orders text by UTF-16 units, Parquet by UTF-8 bytes, and a reader that trusts the
// former loses rows above U+FFFF. So: the hour, and the kinds, which are four ASCII words. The totals are
// in no order, so that theirs would skip nothing and cost a set of all values.

import { ENDPOINT_KINDS, type Endpoint } from '@zonetoll/model'

export interface Column {
  readonly name: string
  readonly type: 'TIMESTAMP_MILLIS' | 'UTF8' | 'INT64'
  readonly optional: boolean
  readonly statistics: boolean
}

export type Side = 'source' | 'destination'

/** An endpoint's fields in the order of columns, and whether null is allowed. */
export const ENDPOINT_FIELDS = [
  ['kind', false],
  ['namespace', true],
  ['name', false],
  ['workload', true],
  ['app', true],
  ['node', true],
  ['zone', false],
] as const satisfies readonly (readonly [keyof Endpoint, boolean])[]

export const HOUR_COLUMN: Column = {
  name: 'hour_start',
  type: 'TIMESTAMP_MILLIS',
  optional: false,
  statistics: true,
}

export const TOTAL_NAMES = ['bytes', 'packets', 'records'] as const

export type TotalName = (typeof TOTAL_NAMES)[number]

/** The seven columns of one side. */
export function endpointColumns(side: Side): Column[] {
  return ENDPOINT_FIELDS.map(([field, optional]) => ({
    name: `${side}_${field}`,
    type: 'UTF8',
    optional,
    statistics: field === 'kind',
  }))
}

export function totalColumn(name: TotalName): Column {
  return { name, type: 'INT64', optional: false, statistics: false }
}

/** All eighteen, in the file's order. */
export const COLUMNS: readonly Column[] = [
  HOUR_COLUMN,
  ...endpointColumns('source'),
  ...endpointColumns('destination'),
  ...TOTAL_NAMES.map(totalColumn),
]

export function isEndpointKind(text: unknown): text is Endpoint['kind'] {
  return (ENDPOINT_KINDS as readonly unknown[]).includes(text)
}
