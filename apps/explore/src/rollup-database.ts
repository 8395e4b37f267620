// Rollups as tables: DuckDB in this process, over the Parquet files where they lie.
//
//   rollup    a view of all files, read column by column as a query needs them
//   (others)  tables in memory, filled before the database is locked
//
// Who asks may read what is here and nothing else. Once locked, DuckDB opens no path but the rollups' own, loads no
// extension, reaches no network and takes no setting; text that comes from a user must pass `select` besides, which
// runs a single statement that reads (what may be read could otherwise be written over with COPY).
// Source: DuckDB documentation, Securing DuckDB.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import {
  DuckDBInstance,
  StatementType,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api'
import { UsageError } from '@zonetoll/command'
import { Selection } from './selection.ts'
import { sqlError, sqlRefusal } from './sql-error.ts'
import { quoted } from './sql-text.ts'

export interface RollupDatabaseOptions {
  /** Interrupts what is running. */
  readonly signal: AbortSignal
  /** Bytes of memory, by the machine's if not given; what needs more goes to the disk. */
  readonly memoryBytes?: number
}

/** A database beside the one that is asked, so that SHOW TABLES has no answers among its tables. */
const ANSWERS = 'zonetoll_answers'

const MOST_MEMORY_BYTES = 4 * 1024 ** 3

export class RollupDatabase {
  /** For whoever fills tables; not for text of a user. */
  readonly connection: DuckDBConnection
  /** Where what doesn't fit into memory waits, and results are put together. */
  readonly folder: string
  readonly #instance: DuckDBInstance
  readonly #signal: AbortSignal
  readonly #interrupt: () => void
  readonly #clear: () => void
  #answers = 0

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    folder: string,
    signal: AbortSignal,
  ) {
    this.#instance = instance
    this.connection = connection
    this.folder = folder
    this.#signal = signal
    this.#interrupt = () => connection.interrupt()
    this.#clear = () => rmSync(folder, { recursive: true, force: true })
    signal.addEventListener('abort', this.#interrupt)
    // Also when an interruption's grace is over and the process ends here.
    process.once('exit', this.#clear)
  }

  /** An open one: tables can be made and filled. */
  static async open({ signal, memoryBytes }: RollupDatabaseOptions): Promise<RollupDatabase> {
    signal.throwIfAborted()
    const folder = mkdtempSync(join(tmpdir(), 'zonetoll-query-'))
    try {
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: `${memoryBytes ?? defaultMemory()}B`,
        temp_directory: join(folder, 'spill'),
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        allow_community_extensions: 'false',
        allow_persistent_secrets: 'false',
        errors_as_json: 'false',
      })
      const connection = await instance.connect()
      await connection.run("SET TimeZone = 'UTC'")
      await connection.run(`ATTACH ':memory:' AS ${ANSWERS}`)
      return new RollupDatabase(instance, connection, folder, signal)
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Makes the view `rollup` of these files, at least one, and locks the database for good. */
  async lock(paths: readonly string[]): Promise<void> {
    if (paths.length > 0) {
      const list = `[${paths.map(quoted).join(', ')}]`
      await this.connection.run(
        `CREATE VIEW rollup AS SELECT * FROM read_parquet(${list}, hive_partitioning = false)`,
      )
      await this.connection.run(`SET allowed_paths = ${list}`)
    }
    await this.connection.run(`SET allowed_directories = [${quoted(this.folder)}]`)
    await this.connection.run('SET enable_external_access = false')
    await this.connection.run('SET lock_configuration = true')
  }

  /**
   * Runs the one statement of the text, which must be one that reads, to its end: what is found lies at rest, in the
   * order of the statement. With a limit it ends early, one row beyond. Throws UsageError for text that can't be run,
   * RunError for what fails while it runs, or the signal's reason.
   */
  async select(sql: string, limit: number | null = null): Promise<Selection> {
    const statement = await this.attempt(sql, () => this.#prepare(sql))
    const names = Array.from({ length: statement.columnCount }, (_, at) => statement.columnName(at))
    const table = `${ANSWERS}.answer_${++this.#answers}`
    // A text inside query() is read as that and nothing else; streaming it would pass over an error half-way.
    const few = limit === null ? '' : ` LIMIT ${limit + 1}`
    await this.attempt(sql, () =>
      this.connection.run(`CREATE TABLE ${table} AS FROM query(${quoted(sql)})${few}`),
    )
    return await Selection.of(this, table, { names, limit })
  }

  /** Awaits DuckDB at work on that text, and turns what it throws into an error of ours. */
  async attempt<T>(sql: string, work: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      this.#signal.throwIfAborted()
      throw sqlError(sql, error)
    }
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#interrupt)
    this.connection.closeSync()
    this.#instance.closeSync()
    process.removeListener('exit', this.#clear)
    this.#clear()
  }

  async #prepare(sql: string): Promise<DuckDBPreparedStatement> {
    const statements = await this.connection.extractStatements(sql)
    if (statements.count !== 1) throw sqlRefusal(sql, statements.count)
    const statement = await statements.prepare(0)
    if (statement.statementType !== StatementType.SELECT) throw sqlRefusal(sql, 1)
    if (statement.parameterCount === 0) return statement
    throw new UsageError('SQL: parameters (?, $1) have no values here: write the values out')
  }
}

// Half of what there is, of the container's where it has less than the machine.
function defaultMemory(): number {
  const constrained = process.constrainedMemory()
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.min(MOST_MEMORY_BYTES, Math.floor(available / 2))
}
