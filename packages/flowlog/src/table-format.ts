// Which column of a table is which field: what the header line says of text, the column names say of a Parquet flow log.
//
// AWS spells them with underscores there, `pkt_srcaddr`, and types them: packets, bytes, start and end are integers,
// what is read besides is text. Files that a third party wrote anew may have the hyphens, integers as text (as whoever
// reads a header line and digits leaves them), or start and end as timestamps.
// Source: VPC User Guide, "Flow log files"; "Flow log records".

import { AWS_FIELDS, BYTES, END, PACKETS, START } from './fields.ts'
import { checkFields, FormatError, layoutOf, quote } from './format.ts'

/** A column as the table has it. */
export interface NamedColumn {
  readonly name: string
  /** Null for what can't be read. */
  readonly kind: 'text' | 'integer' | 'timestamp' | null
  /** What it is, for messages. */
  readonly described: string
}

export interface TableFormat {
  /** The places of the columns to be read, and slots[k], the slot of the k-th of them. */
  readonly columns: readonly number[]
  readonly slots: readonly number[]
  /** True where srcaddr and dstaddr had to serve. */
  readonly interfaceAddresses: boolean
}

const INTEGERS: ReadonlySet<number> = new Set([BYTES, START, END, PACKETS])
const TIMES: ReadonlySet<number> = new Set([START, END])

/** Throws FormatError where a needed field is missing, or a column is of a type that its field can't have. */
export function parseColumns(table: readonly NamedColumn[]): TableFormat {
  const names = table.map(({ name }) => name.replaceAll('_', '-'))
  const shown = `its columns are ${quote(table.map(({ name }) => name).join(' '))}`
  if (!names.some(name => AWS_FIELDS.has(name))) {
    throw new FormatError(`is a Parquet file, but no flow log: ${shown}, none of which AWS names`)
  }
  checkFields(names, shown)
  const layout = layoutOf(names)
  const columns = table.map((_, at) => at).filter(at => layout.slots[at]! >= 0)
  const slots = columns.map(at => layout.slots[at]!)
  for (const [k, at] of columns.entries()) checkType(table[at]!, slots[k]!)
  return { columns, slots, interfaceAddresses: layout.interfaceAddresses }
}

function checkType({ name, kind, described }: NamedColumn, slot: number): void {
  if (kind === 'text') return
  if (kind === 'integer' && INTEGERS.has(slot)) return
  if (kind === 'timestamp' && TIMES.has(slot)) return
  const expected = INTEGERS.has(slot) ? 'an integer (INT64)' : 'a string'
  throw new FormatError(`has ${described} for its column ${name}: expected ${expected}, as AWS delivers it`)
}
