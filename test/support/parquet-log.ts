/**
 * A flow log's text and the same records in Parquet, by two writers: what AWS delivers as the one or the other.
 *
 * Each column gets a type at random, of those that a writer may choose for it, and the text is changed where a type
 * can't hold it: `many` bytes become -1 bytes in both, which neither can read. A `-` becomes null or stays.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDB } from '../../packages/parquet/test/duckdb.ts'
import { parquetjsFile, type WriterField } from '../../packages/parquet/test/parquetjs.ts'
import { plainMissing } from './plain-lines.ts'
import type { Seeded } from './seeded.ts'

export interface TwoForms {
  /** The text with what the types can hold. */
  readonly text: string
  readonly table: LogTable
}

export interface LogTable {
  readonly columns: readonly LogColumn[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface LogColumn {
  /** As AWS spells it, with underscores, or with hyphens. */
  readonly name: string
  readonly type: 'text' | 'INT32' | 'INT64' | 'UINT64' | 'timestamp'
  readonly optional: boolean
}

const INTEGERS = new Set(['bytes', 'packets', 'start', 'end'])
const GREATEST = 2n ** 63n - 1n

/** `safe` keeps to integers that parquetjs-lite can write, up to 2^53 - 1. */
export function twoForms(random: Seeded, text: string, options: { readonly safe: boolean }): TwoForms {
  const [header = '', ...lines] = text.split(/\r?\n/)
  const names = header.split(' ')
  const cells = lines
    .filter(line => plainMissing(line).length > 0)
    .map(line => line.split(' '))
    .filter(fields => fields.length === names.length)
  const columns: LogColumn[] = []
  const byColumn = names.map((name, at) => {
    const column = cells.map(fields => fields[at]!)
    const type = randomType(random, name, column, options.safe)
    const values = column.map(value => typed(value, type, options.safe))
    const nulls = values.map(value => value === '-' && (type !== 'text' || random.chance(0.5)))
    const optional = nulls.includes(true) || random.chance(0.7)
    columns.push({ name: random.chance(0.95) ? name.replaceAll('-', '_') : name, type, optional })
    return values.map((value, row) => ({ value, null: nulls[row]! }))
  })
  const rows = cells.map((_, row) => byColumn.map(column => (column[row]!.null ? null : column[row]!.value)))
  const body = cells.map((_, row) => byColumn.map(column => column[row]!.value).join(' '))
  return { text: `${[header, ...body].join('\n')}\n`, table: { columns, rows } }
}

function randomType(
  random: Seeded,
  name: string,
  column: readonly string[],
  safe: boolean,
): LogColumn['type'] {
  if (!INTEGERS.has(name)) return 'text'
  const type = random.pick(['INT64', 'INT64', 'INT64', 'INT32', 'UINT64', 'timestamp', 'text'] as const)
  const integers = column.map(value => integerOf(value, safe)).filter(value => value !== null)
  const least = integers.reduce((a, b) => (b < a ? b : a), 0n)
  const most = integers.reduce((a, b) => (b > a ? b : a), 0n)
  if (type === 'INT32') return least >= -(2n ** 31n) && most < 2n ** 31n ? type : 'INT64'
  if (type === 'UINT64') return least >= 0n && !safe ? type : 'INT64'
  if (type !== 'timestamp') return type
  return (name === 'start' || name === 'end') && most < 10n ** 11n && (least >= 0n || !safe) ? type : 'INT64'
}

// What of a text a column of the type can hold, as text again.
function typed(value: string, type: LogColumn['type'], safe: boolean): string {
  if (type === 'text' || value === '-') return value
  return String(integerOf(value, safe) ?? -1n)
}

function integerOf(value: string, safe: boolean): bigint | null {
  if (value === '-') return null
  if (!/^-?\d+$/.test(value)) return -1n
  const integer = BigInt(value)
  const most = safe ? BigInt(Number.MAX_SAFE_INTEGER) : GREATEST
  return integer <= most && integer >= -most ? integer : -1n
}

/** The table as DuckDB writes it, with these options of COPY. */
export async function duckdbLog(
  duckdb: DuckDB,
  folder: string,
  table: LogTable,
  options: string,
): Promise<Uint8Array> {
  const { columns, rows } = table
  const json = join(folder, 'rows.json')
  const parquet = join(folder, 'rows.parquet')
  await writeFile(
    json,
    JSON.stringify(rows.map(row => Object.fromEntries(row.map((value, at) => [`c${at}`, value])))),
  )
  const types = columns.map((_, at) => `c${at}: 'VARCHAR'`).join(', ')
  const selected = columns
    .map(({ name, type }, at) => `${duckdbValue(`c${at}`, type)} AS "${name}"`)
    .join(', ')
  const source =
    rows.length > 0
      ? `read_json('${json}', columns = {${types}}, format = 'array')`
      : emptyRows(columns.length)
  await duckdb.rows(`COPY (SELECT ${selected} FROM ${source}) TO '${parquet}' (FORMAT parquet, ${options})`)
  return new Uint8Array(await readFile(parquet))
}

function emptyRows(columns: number): string {
  const nulls = Array.from({ length: columns }, (_, at) => `NULL::VARCHAR AS c${at}`).join(', ')
  return `(SELECT ${nulls} WHERE false)`
}

function duckdbValue(column: string, type: LogColumn['type']): string {
  switch (type) {
    case 'text':
      return column
    case 'INT32':
      return `${column}::INTEGER`
    case 'INT64':
      return `${column}::BIGINT`
    case 'UINT64':
      return `${column}::UBIGINT`
    case 'timestamp':
      // With a fraction, which isn't part of the second.
      return `to_timestamp(${column}::BIGINT) + INTERVAL 999999 MICROSECONDS`
  }
}

/** The table as parquetjs-lite writes it. */
export async function parquetjsLog(
  { columns, rows }: LogTable,
  options: {
    readonly rowGroupSize: number
    readonly pageSize: number
    readonly useDataPageV2: boolean
    readonly compression: WriterField['compression']
  },
): Promise<Uint8Array> {
  const { compression, ...sizes } = options
  const fields = columns.map(
    ({ name, type, optional }) => [name, { type: parquetjsType(type), optional, compression }] as const,
  )
  const values = rows.map(row =>
    row.map((value, at) => {
      const { type } = columns[at]!
      if (value === null || type === 'text') return value
      return type === 'timestamp' ? Number(value) * 1000 + 999 : Number(value)
    }),
  )
  return await parquetjsFile(fields, values, sizes)
}

function parquetjsType(type: LogColumn['type']): WriterField['type'] {
  if (type === 'text') return 'UTF8'
  if (type === 'timestamp') return 'TIMESTAMP_MILLIS'
  return type === 'INT32' ? 'INT32' : 'INT64'
}
