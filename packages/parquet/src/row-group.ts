// A row group being filled: the rows' values by column, checked as they come, handed to parquetjs-lite a page
// at a time.
//
// The library's own appendRow shreds each row into a fresh set of arrays and sets, which costs more than
// all encoding. What it keeps between rows is its `rowBuffer`: per column the non-null values and, one a row,
// a definition level (1 a value, 0 null), and the pages encoded so far. So all rows of a page but the last are
// put there by column, and the last goes through appendRow, which encodes the page, and writes the group
// at its end, as it would have anyway. Pages are short, so that the young garbage of encoding dies young: one
// page a column chunk costs a quarter more CPU and memory.

import { HOUR_SECONDS, type Endpoint, type RollupRow } from '@zonetoll/model'
import type { ParquetWriter } from 'parquetjs-lite'
import { IntegerFill, refusal, TextFill, type ColumnFill } from './column-fill.ts'
import {
  ENDPOINT_FIELDS,
  endpointColumns,
  HOUR_COLUMN,
  totalColumn,
  type Side,
  type TotalName,
} from './columns.ts'
import { TextBytesCache } from './text-bytes.ts'

type EndpointFill = Readonly<Record<keyof Endpoint, TextFill>>

export class RowGroup {
  // One a field, for both sides: most fields have few texts, and a small map is a fast one.
  readonly #caches = ENDPOINT_FIELDS.map(() => new TextBytesCache())
  readonly #hour = new IntegerFill(HOUR_COLUMN)
  readonly #source = this.#endpointFill('source')
  readonly #destination = this.#endpointFill('destination')
  readonly #bytes = new IntegerFill(totalColumn('bytes'))
  readonly #packets = new IntegerFill(totalColumn('packets'))
  readonly #records = new IntegerFill(totalColumn('records'))
  readonly #columns: readonly ColumnFill[] = [
    this.#hour,
    ...Object.values(this.#source),
    ...Object.values(this.#destination),
    this.#bytes,
    this.#packets,
    this.#records,
  ]
  #encodedPages = this.#noPages()
  /** Rows of the page at hand, not encoded yet. */
  pageRows = 0
  /** Rows of the group, those of encoded pages with them. */
  rows = 0
  /** UTF-16 units of the group's texts: how much memory they may take. */
  textUnits = 0
  /** Rows of all groups. */
  totalRows = 0

  /** Takes a row's values; the row itself isn't kept. Throws where one can't be written exactly. */
  add(row: RollupRow): void {
    const at = ++this.totalRows
    if (!Number.isSafeInteger(row.hourStart) || row.hourStart % HOUR_SECONDS !== 0) {
      throw refusal(HOUR_COLUMN, at, row.hourStart, 'the first second of an hour')
    }
    this.#hour.add(row.hourStart * 1000, at)
    this.textUnits +=
      addEndpoint(this.#source, row.source, at) + addEndpoint(this.#destination, row.destination, at)
    this.#bytes.add(row.bytes, at)
    this.#packets.add(row.packets, at)
    this.#records.add(row.records, at)
    this.pageRows++
    this.rows++
  }

  /** The sums of the three totals over all rows so far. */
  get sums(): Record<TotalName, bigint> {
    return {
      bytes: this.#bytes.sum.total,
      packets: this.#packets.sum.total,
      records: this.#records.sum.total,
    }
  }

  /** One a column, in the file's order, over all rows so far. */
  get fingerprints(): number[] {
    return this.#columns.map(column => column.fingerprint)
  }

  /**
   * Has the page's rows encoded, at least one; with `end` the whole group is written to the writer's stream. A
   * page shorter than the writer's page size stays unencoded until then, or until the writer is closed.
   */
  async flushPage(writer: ParquetWriter, end: boolean): Promise<void> {
    const last = this.#byName(fill => fill.takeLast())
    writer.rowBuffer = {
      rowCount: this.rows - 1,
      pageRowCount: this.pageRows - 1,
      columnData: this.#byName(fill => fill.takeData()),
      pages: this.#encodedPages,
    }
    writer.setRowGroupSize(end ? this.rows : Infinity)
    this.pageRows = 0
    if (end) {
      this.rows = 0
      this.textUnits = 0
      this.#encodedPages = this.#noPages()
      for (const cache of this.#caches) cache.trim()
    }
    await writer.appendRow(last)
  }

  #noPages(): Record<string, unknown[]> {
    return this.#byName(() => [])
  }

  #byName<T>(value: (fill: ColumnFill) => T): Record<string, T> {
    return Object.fromEntries(this.#columns.map(fill => [fill.column.name, value(fill)]))
  }

  #endpointFill(side: Side): EndpointFill {
    const fills = endpointColumns(side).map((column, at) => [
      ENDPOINT_FIELDS[at]![0],
      new TextFill(column, this.#caches[at]!),
    ])
    return Object.fromEntries(fills) as EndpointFill
  }
}

/** Adds the seven values; what comes back is their length in UTF-16 units. */
function addEndpoint(fill: EndpointFill, endpoint: Endpoint, row: number): number {
  return (
    fill.kind.add(endpoint.kind, row) +
    fill.namespace.add(endpoint.namespace, row) +
    fill.name.add(endpoint.name, row) +
    fill.workload.add(endpoint.workload, row) +
    fill.app.add(endpoint.app, row) +
    fill.node.add(endpoint.node, row) +
    fill.zone.add(endpoint.zone, row)
  )
}
