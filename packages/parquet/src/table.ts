// A Parquet file of any writer as a table: its columns, and slices of those that are asked for.
//
//   tail ──> footer ──> columns, row groups
//                           │  loads: row groups that lie close are read together
//                           ▼
//            ranges of the needed columns ──> pages of each column ──> slices of up to SLICE_ROWS rows
//
// Bytes of other columns aren't read, but for gaps that are smaller than a request is worth. Memory is the needed columns
// of one load, packed, and a page and a dictionary of each, unpacked; table-limits.ts has the bounds.
//
// hyparquet reads the footer. It doesn't read pages here: it makes arrays as long as a page claims, and an object of
// every text; a flow log of 500 bytes could take all memory, and one of AWS's takes four times as long.

import { ColumnPages } from './column-pages.ts'
import { END_BYTES } from './footer-metadata.ts'
import { footerLength, readFooter, type Footer, type FooterGroup } from './table-footer.ts'
import type { SchemaColumn, TableColumn } from './table-columns.ts'
import { TableError } from './table-error.ts'
import {
  GAP_BYTES,
  LOAD_BYTES,
  MAX_GROUP_BYTES,
  PARTS_AT_ONCE,
  SLICE_ROWS,
  TAIL_BYTES,
} from './table-limits.ts'
import { Memory } from './table-memory.ts'
import type { TableSlice } from './table-slice.ts'

/** A file of which parts can be read. */
export interface TableFile {
  readonly byteLength: number
  /** The bytes from `from` up to, not including, `to`; there is at least one. */
  read(from: number, to: number): Promise<Uint8Array>
}

export interface Table {
  readonly rows: number
  readonly columns: readonly TableColumn[]
  /**
   * Slices of the columns at these places, which must be ones that can be read, in order. Throws TableError where the
   * file can't be read, and what the file's read throws.
   */
  slices(columns: readonly number[]): AsyncIterable<TableSlice>
}

interface Span {
  readonly from: number
  readonly to: number
}

interface Chunk extends Span {
  readonly codec: string
  readonly column: SchemaColumn
}

/** A row group with rows, and where its needed columns lie. */
interface Group {
  /** Counted from 1. */
  readonly number: number
  readonly rows: number
  readonly chunks: readonly Chunk[]
}

interface Part extends Span {
  readonly bytes: Uint8Array
}

/** Throws TableError where it is no Parquet file that can be read, and what the file's read throws. */
export async function openTable(file: TableFile): Promise<Table> {
  const size = file.byteLength
  if (size === 0) throw new TableError('is empty: not even a Parquet footer is in it')
  const tailFrom = Math.max(0, size - TAIL_BYTES)
  let tail = await file.read(tailFrom, size)
  const length = footerLength(tail, size)
  if (length + END_BYTES > tail.length) {
    const rest = await file.read(size - END_BYTES - length, tailFrom)
    tail = joined(rest, tail)
  }
  const footer = readFooter(tail, length, size)
  const last: Part = { from: size - tail.length, to: size, bytes: tail }
  return {
    rows: footer.rows,
    columns: footer.columns,
    slices: columns => slicesOf(file, footer, last, columns),
  }
}

async function* slicesOf(
  file: TableFile,
  footer: Footer,
  tail: Part,
  places: readonly number[],
): AsyncGenerator<TableSlice> {
  const columns = places.map(place => {
    const column = footer.columns[place]
    if (column !== undefined && column.type !== null) return column
    throw new RangeError(`column ${place}: expected one that can be read, got ${column?.described ?? 'none'}`)
  })
  const groups = groupsOf(footer.groups, columns)
  const needed = groups.flatMap(({ chunks }) => chunks).reduce((sum, { from, to }) => sum + to - from, 0)
  if (needed > file.byteLength) {
    throw new TableError(`is a damaged Parquet file: its columns claim ${needed} bytes of ${file.byteLength}`)
  }
  const memory = new Memory(file.byteLength)
  for (const load of loadsOf(groups)) {
    const parts = await readSpans(file, tail, load)
    for (const group of load) yield* groupSlices(group, parts, memory)
  }
}

function groupsOf(groups: readonly FooterGroup[], columns: readonly SchemaColumn[]): Group[] {
  return groups
    .map((group, at) => ({
      number: at + 1,
      rows: group.rows,
      chunks: group.rows === 0 ? [] : columns.map(column => ({ ...group.chunk(column), column })),
    }))
    .filter(({ rows }) => rows > 0)
}

// Row groups that are read together: one that is large, or several that are small.
function loadsOf(groups: readonly Group[]): Group[][] {
  const loads: Group[][] = []
  let load: Group[] = []
  let bytes = Infinity
  for (const group of groups) {
    const size = spansOf([group]).reduce((sum, { from, to }) => sum + to - from, 0)
    if (size > MAX_GROUP_BYTES) {
      throw new TableError(
        `is a Parquet file whose row group ${group.number} has ${size} bytes of needed columns, and up to ${MAX_GROUP_BYTES} are read. Write it anew with smaller row groups, or leave it out with --skip-bad-objects.`,
      )
    }
    bytes += size
    if (bytes > LOAD_BYTES) {
      load = []
      loads.push(load)
      bytes = size
    }
    load.push(group)
  }
  return loads
}

// Where the chunks lie, those with small gaps between them joined.
function spansOf(load: readonly Group[]): Span[] {
  const spans: { from: number; to: number }[] = []
  const chunks = load.flatMap(group => group.chunks).sort((a, b) => a.from - b.from)
  for (const { from, to } of chunks) {
    const before = spans.at(-1)
    if (before !== undefined && from - before.to <= GAP_BYTES) before.to = Math.max(before.to, to)
    else spans.push({ from, to })
  }
  return spans
}

async function readSpans(file: TableFile, tail: Part, load: readonly Group[]): Promise<Part[]> {
  const parts: Part[] = []
  const spans = spansOf(load)
  for (let at = 0; at < spans.length; at += PARTS_AT_ONCE) {
    const some = spans.slice(at, at + PARTS_AT_ONCE)
    parts.push(...(await allOf(some.map(span => readSpan(file, tail, span)))))
  }
  return parts
}

async function readSpan(file: TableFile, tail: Part, { from, to }: Span): Promise<Part> {
  if (from >= tail.from) return tail
  const bytes = from === to ? new Uint8Array(0) : await file.read(from, to)
  return { from, to, bytes }
}

async function* groupSlices(
  { number, rows, chunks }: Group,
  parts: readonly Part[],
  memory: Memory,
): AsyncGenerator<TableSlice> {
  const columns = chunks.map(({ from, to, codec, column }) => {
    const part = parts.find(each => each.from <= from && to <= each.to)!
    const { name, optional, type } = column
    const chunk = { name, optional, type: type!, codec, rowGroup: number, rows }
    return new ColumnPages(chunk, part.bytes.subarray(from - part.from, to - part.from), memory)
  })
  for (let done = 0; done < rows;) {
    const ended = columns.filter(({ left }) => left === 0)
    if (ended.length > 0) await allOf(ended.map(column => column.turn()))
    const count = columns.reduce((least, { left }) => Math.min(least, left), SLICE_ROWS)
    yield { rows: count, columns: columns.map(column => column.take(count)) }
    done += count
  }
  for (const column of columns) column.close()
}

// Waits for all of them, also where one fails: none works on when its error is told.
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length)
  whole.set(first)
  whole.set(second, first.length)
  return whole
}
