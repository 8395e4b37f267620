// Parquet by parquetjs-lite with what else it can write than our rollups: other types, codecs and pages.

import parquet, { type Field, type OutputStream, type WriterOptions } from 'parquetjs-lite'

export interface WriterField {
  readonly type: 'UTF8' | 'BYTE_ARRAY' | 'INT32' | 'INT64' | 'TIMESTAMP_MILLIS' | 'DOUBLE' | 'BOOLEAN'
  readonly compression: 'GZIP' | 'SNAPPY' | 'UNCOMPRESSED'
  readonly optional: boolean
}

/** Each row holds one value a field; integers are safe ones. */
export async function parquetjsFile(
  fields: readonly (readonly [string, WriterField])[],
  rows: readonly (readonly unknown[])[],
  options: Omit<WriterOptions, 'pageIndex'>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const stream: OutputStream = {
    write: (bytes, done) => {
      chunks.push(bytes)
      done()
    },
    end: done => done(),
  }
  const schema = new parquet.ParquetSchema(
    Object.fromEntries(fields.map(([name, field]) => [name, { ...field, statistics: false } as Field])),
  )
  const writer = await parquet.ParquetWriter.openStream(schema, stream, { ...options, pageIndex: false })
  for (const row of rows) {
    await writer.appendRow(Object.fromEntries(fields.map(([name], at) => [name, row[at]])))
  }
  await writer.close()
  return Buffer.concat(chunks)
}
