// The part of parquetjs-lite 0.8.7 that this package uses; the library ships no types.
// Source: lib/writer.js, lib/schema.js and lib/shred.js of that version.

declare module 'parquetjs-lite' {
  export interface Field {
    readonly type: 'UTF8' | 'INT64' | 'TIMESTAMP_MILLIS'
    readonly compression: 'GZIP' | 'SNAPPY' | 'UNCOMPRESSED'
    readonly optional: boolean
    /** False leaves min, max, null and distinct counts out of the file. */
    readonly statistics: boolean
  }

  export interface ColumnData {
    /** Non-null values. Text may be a string or its UTF-8 bytes. */
    readonly values: unknown[]
    /** One a row: 0 for null, `dLevelMax` for a value. Only its length is used where nothing can be null. */
    readonly dlevels: number[]
    /** Unused without repeated fields. */
    readonly rlevels: number[]
    /** What min, max and distinct count are made of, where statistics are on. */
    readonly distinct_values: Set<unknown>
    count: number
  }

  export interface RowBuffer {
    rowCount: number
    pageRowCount: number
    readonly columnData: Record<string, ColumnData>
    readonly pages: Record<string, unknown[]>
  }

  export interface OutputStream {
    write(bytes: Uint8Array, done: (error?: Error) => void): void
    end(done: (error?: Error) => void): void
  }

  export interface WriterOptions {
    readonly useDataPageV2: boolean
    readonly pageIndex: boolean
    readonly rowGroupSize: number
    readonly pageSize: number
  }

  export interface ParquetSchema {
    readonly fields: Record<string, unknown>
  }

  export class ParquetWriter {
    static openStream(
      schema: ParquetSchema,
      stream: OutputStream,
      options: WriterOptions,
    ): Promise<ParquetWriter>
    /** Rows that are not flushed yet; a new one may be put in its place between row groups. */
    rowBuffer: RowBuffer
    setRowGroupSize(rows: number): void
    /** Throws strings. Encodes and writes the row group once it holds `rowGroupSize` rows. */
    appendRow(row: Record<string, unknown>): Promise<void>
    close(): Promise<void>
  }

  const parquet: {
    readonly ParquetSchema: new (fields: Record<string, Field>) => ParquetSchema
    readonly ParquetWriter: typeof ParquetWriter
  }
  export default parquet
}
