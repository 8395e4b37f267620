// Rollup rows to the bytes of rollup.parquet, row group by row group.
//
// parquetjs-lite 0.8.7 encodes. What it is kept from: data pages v2 and the page index, which it writes in ways
// other readers stumble over; its own handling of a failing stream, whose first write it doesn't await. It
// writes into a list in memory that never fails; the list is emptied into the sink after each row group.
//
// Memory is one row group: GROUP_ROWS rows, or fewer once their texts reach GROUP_TEXT_UNITS (hostile names
// may be of any length). The bytes depend on the rows alone: no clock, no name of the machine. (The gzip
// members carry zlib's mark of the operating system, and another zlib may compress otherwise.)

import { createHash } from 'node:crypto'
import type { RollupRow } from '@zonetoll/model'
import parquet, { type OutputStream } from 'parquetjs-lite'
import { COLUMNS } from './columns.ts'
import { RowGroup } from './row-group.ts'

const GROUP_ROWS = 50_000
const PAGE_ROWS = 8192
const GROUP_TEXT_UNITS = 64 * 1024 * 1024

/** Where the file's bytes go, in order. Each write is awaited before the next. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>
}

export interface WriteRollupOptions {
  /** Rows of a row group, at least 1; 50,000 where it isn't given. */
  readonly groupRows?: number
  /** Rows of a data page, at least 1; 8,192 where it isn't given. */
  readonly pageRows?: number
  /** UTF-16 units of text after which a row group ends early; 64 Mi where it isn't given. */
  readonly groupTextUnits?: number
}

/** What was written: for the ledger, and for verifyRollup to hold the file against. */
export interface RollupFileSummary {
  readonly rows: number
  /** Of the file, in bytes. */
  readonly size: number
  /** Sums of the three columns of those names. */
  readonly bytes: bigint
  readonly packets: bigint
  readonly records: bigint
  /** Of the file's bytes, in hexadecimal. */
  readonly sha256: string
  /** 32 bits a column, over the values given, in the order of rows. */
  readonly fingerprints: readonly number[]
}

const SCHEMA = new parquet.ParquetSchema(
  Object.fromEntries(
    COLUMNS.map(({ name, type, optional, statistics }) => [
      name,
      { type, optional, statistics, compression: 'GZIP' },
    ]),
  ),
)

/**
 * Writes the rows in the order given; they are asked for one by one, and none is kept. No rows make a whole file
 * with all columns. Throws the sink's own error, the rows' own error, or one that names the row and column of
 * a value that can't be written exactly; what the sink has by then is no file.
 */
export async function writeRollup(
  rows: Iterable<RollupRow>,
  sink: ByteSink,
  options: WriteRollupOptions = {},
): Promise<RollupFileSummary> {
  const { groupRows = GROUP_ROWS, pageRows = PAGE_ROWS, groupTextUnits = GROUP_TEXT_UNITS } = options
  for (const [name, value] of Object.entries({ groupRows, pageRows, groupTextUnits })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name}: expected an integer from 1, got ${value}`)
    }
  }
  const output = new Output()
  const writer = await encoding(() =>
    parquet.ParquetWriter.openStream(SCHEMA, output, {
      useDataPageV2: false,
      pageIndex: false,
      rowGroupSize: groupRows,
      pageSize: pageRows,
    }),
  )
  const group = new RowGroup()
  for (const row of rows) {
    group.add(row)
    const end = group.rows >= groupRows || group.textUnits >= groupTextUnits
    if (!end && group.pageRows < pageRows) continue
    await encoding(() => group.flushPage(writer, end))
    await output.drain(sink)
  }
  // Rows that are left, in pages or in none yet, are the last group: closing writes it, and the footer.
  if (group.pageRows > 0) await encoding(() => group.flushPage(writer, false))
  await encoding(() => writer.close())
  await output.drain(sink)
  return {
    rows: group.totalRows,
    size: output.size,
    ...group.sums,
    sha256: output.sha256(),
    fingerprints: group.fingerprints,
  }
}

// The library throws strings.
async function encoding<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof Error) throw error
    throw new Error(`rollup rows could not be encoded as Parquet: ${String(error)}`, { cause: error })
  }
}

/** The stream that the library writes to: it takes everything at once, and hands it on when told. */
class Output implements OutputStream {
  size = 0
  readonly #hash = createHash('sha256')
  #chunks: Uint8Array[] = []

  write(bytes: Uint8Array, done: () => void): void {
    this.#chunks.push(bytes)
    done()
  }

  end(done: () => void): void {
    done()
  }

  async drain(sink: ByteSink): Promise<void> {
    const chunks = this.#chunks
    this.#chunks = []
    for (const chunk of chunks) {
      this.#hash.update(chunk)
      this.size += chunk.length
      await sink.write(chunk)
    }
  }

  sha256(): string {
    return this.#hash.digest('hex')
  }
}
