// What a statement found: all of its rows at rest in a table of their own, in memory or, where that is too small, on
// the disk.
//
// DuckDB's library ends a streamed result without a word where the statement fails half-way; a statement that has run
// to its end doesn't, and its rows are counted before they are handed out and after.

import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api'
import { DuckDBTypeId } from '@duckdb/node-api'
import { RunError } from '@zonetoll/command'
import type { RollupDatabase } from './rollup-database.ts'
import { identifier, quoted } from './sql-text.ts'

const HUGE = new Set([DuckDBTypeId.HUGEINT, DuckDBTypeId.UHUGEINT])

export class Selection {
  /** As the statement has them; two may be the same. */
  readonly names: readonly string[]
  readonly types: readonly DuckDBType[]
  readonly rowCount: number
  /** Whether the statement has rows beyond the limit. */
  readonly more: boolean
  readonly #database: RollupDatabase
  readonly #table: string
  /** The table's columns, each of its own name. */
  readonly #columns: readonly string[]

  private constructor(database: RollupDatabase, table: string, facts: Facts) {
    this.#database = database
    this.#table = table
    this.names = facts.names
    this.types = facts.types
    this.rowCount = facts.rowCount
    this.more = facts.more
    this.#columns = facts.columns
  }

  static async of(
    database: RollupDatabase,
    table: string,
    { names, limit }: { readonly names: readonly string[]; readonly limit: number | null },
  ): Promise<Selection> {
    const counted = await database.attempt('', () => database.connection.run(`SELECT count(*) FROM ${table}`))
    const [[count]] = (await counted.getRows()) as [[bigint]]
    const rows = Number(count)
    const empty = await database.attempt('', () => database.connection.run(`FROM ${table} LIMIT 0`))
    return new Selection(database, table, {
      names,
      columns: empty.columnNames(),
      types: empty.columnTypes(),
      rowCount: limit === null ? rows : Math.min(rows, limit),
      more: limit !== null && rows > limit,
    })
  }

  /** The rows in DuckDB's chunks. Throws RunError where not all come back. */
  async *chunks(): AsyncGenerator<DuckDBDataChunk> {
    const { connection } = this.#database
    const rows = `FROM ${this.#table} LIMIT ${this.rowCount}`
    const result = await this.#database.attempt('', () => connection.stream(rows))
    let left = this.rowCount
    while (left > 0) {
      const chunk = await this.#database.attempt('', () => result.fetchChunk())
      if (chunk === null || chunk.rowCount === 0) {
        throw new RunError(
          `the query failed: ${left} of ${this.rowCount} rows can't be read back; is the disk of ${this.#database.folder} full?`,
        )
      }
      left -= chunk.rowCount
      yield chunk
    }
  }

  /** Frees the rows. */
  async drop(): Promise<void> {
    await this.#database.attempt('', () => this.#database.connection.run(`DROP TABLE ${this.#table}`))
  }

  /**
   * Writes the rows as a Parquet file, which must lie in the database's folder. Sums are HUGEINT, which Parquet hasn't
   * and DuckDB would round to DOUBLE: they become BIGINT, or this fails.
   */
  async writeParquet(path: string): Promise<void> {
    const columns = this.#columns
      .map(identifier)
      .map((name, at) => (HUGE.has(this.types[at]!.typeId) ? `CAST(${name} AS BIGINT) AS ${name}` : name))
    const select = `SELECT ${columns.join(', ')} FROM ${this.#table} LIMIT ${this.rowCount}`
    await this.#database.attempt('', () =>
      this.#database.connection.run(`COPY (${select}) TO ${quoted(path)} (FORMAT parquet)`),
    )
  }
}

interface Facts {
  readonly names: readonly string[]
  readonly columns: readonly string[]
  readonly types: readonly DuckDBType[]
  readonly rowCount: number
  readonly more: boolean
}
