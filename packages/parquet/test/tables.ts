// Random tables, their files by two writers, and what three readers say of them: ours, hyparquet, DuckDB.

import { parquetRead } from 'hyparquet'
import { gunzipSync, zstdDecompressSync, brotliDecompressSync } from 'node:zlib'
import { openTable, type TableFile, type TableSlice } from '../src/index.ts'

/** A text, an integer or null. */
export type Cell = string | bigint | null

/** A file in memory; `asked` hears which bytes are read. */
export function fileOf(bytes: Uint8Array, asked: (from: number, to: number) => void = () => {}): TableFile {
  return {
    byteLength: bytes.length,
    read: async (from, to) => {
      asked(from, to)
      if (!(from >= 0 && from < to && to <= bytes.length)) throw new RangeError(`bytes ${from} to ${to}`)
      return bytes.slice(from, to)
    },
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The columns of these names as openTable has them, row by row. */
export async function readTable(file: TableFile, names: readonly string[]): Promise<Record<string, Cell[]>> {
  const table = await openTable(file)
  const places = names.map(name => table.columns.findIndex(column => column.name === name))
  const columns = names.map((): Cell[] => [])
  for await (const slice of table.slices(places)) {
    for (const [k, column] of columns.entries()) column.push(...cellsOf(slice, k))
  }
  return Object.fromEntries(names.map((name, k) => [name, columns[k]!]))
}

function cellsOf({ rows, columns }: TableSlice, k: number): Cell[] {
  const slice = columns[k]!
  return Array.from({ length: rows }, (_, row) => {
    if ('texts' in slice) {
      const place = slice.entries[row]!
      const { bytes, starts, ends } = slice.texts
      return place < 0 ? null : decoder.decode(bytes.subarray(starts[place], ends[place]))
    }
    const { words, present } = slice
    if (present[row] === 0) return null
    return BigInt.asIntN(64, (BigInt(words[row * 2 + 1]!) << 32n) | BigInt(words[row * 2]!))
  })
}

/** The same as hyparquet has them; `seconds` says how many of a timestamp's units are a second. */
export async function readByHyparquet(
  bytes: Uint8Array,
  names: readonly string[],
): Promise<Record<string, Cell[]>> {
  const columns: Record<string, Cell[]> = {}
  for (const name of names) {
    const cells: Cell[] = []
    await parquetRead({
      file: {
        byteLength: bytes.length,
        slice: (start, end = bytes.length) => new Uint8Array(bytes.subarray(start, end)).buffer,
      },
      columns: [name],
      compressors: {
        GZIP: page => new Uint8Array(gunzipSync(page)),
        ZSTD: page => new Uint8Array(zstdDecompressSync(page)),
        BROTLI: page => new Uint8Array(brotliDecompressSync(page)),
      },
      parsers: {
        stringFromBytes: utf8 => decoder.decode(utf8),
        timestampFromMilliseconds: millis => floored(millis, 1_000n),
        timestampFromMicroseconds: micros => floored(micros, 1_000_000n),
        timestampFromNanoseconds: nanos => floored(nanos, 1_000_000_000n),
      },
      onPage: ({ columnData }) => {
        for (const value of columnData as Iterable<string | number | bigint | null>) {
          cells.push(typeof value === 'number' ? BigInt(value) : value)
        }
      },
    })
    columns[name] = cells
  }
  return columns
}

function floored(value: bigint, unit: bigint): bigint {
  return (value - (((value % unit) + unit) % unit)) / unit
}
