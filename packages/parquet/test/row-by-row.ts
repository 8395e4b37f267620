// Parquet as parquetjs-lite writes it by itself, row by row: the plain twin of our writer, and the maker of files
// that are almost rollups.

import parquet, { type Field } from 'parquetjs-lite'
import { COLUMN_NAMES, isNullable, isTotal } from './rows.ts'

/** The contract's columns, spelt out a second time. */
export function plainFields(): [string, Field][] {
  return COLUMN_NAMES.map(name => {
    const number = isTotal(name) ? 'INT64' : 'UTF8'
    const type = name === 'hour_start' ? 'TIMESTAMP_MILLIS' : number
    const statistics = name === 'hour_start' || name.endsWith('_kind')
    return [name, { type, optional: isNullable(name), statistics, compression: 'GZIP' }]
  })
}

/** Each row holds one value a field. */
export async function rowByRow(
  fields: readonly [string, Field][],
  rows: readonly (readonly unknown[])[],
  rowGroupSize: number,
  pageSize: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const stream = {
    write: (bytes: Uint8Array, done: () => void) => {
      chunks.push(bytes)
      done()
    },
    end: (done: () => void) => done(),
  }
  const writer = await parquet.ParquetWriter.openStream(
    new parquet.ParquetSchema(Object.fromEntries(fields)),
    stream,
    { useDataPageV2: false, pageIndex: false, rowGroupSize, pageSize },
  )
  for (const row of rows) {
    await writer.appendRow(Object.fromEntries(fields.map(([name], at) => [name, row[at]])))
  }
  await writer.close()
  return Buffer.concat(chunks)
}
