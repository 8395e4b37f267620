// DuckDB in process, over a rollup on the disk: the second reader of what we write.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'

export class DuckDB {
  readonly #connection: DuckDBConnection
  readonly #folder: string
  #files = 0

  private constructor(connection: DuckDBConnection, folder: string) {
    this.#connection = connection
    this.#folder = folder
  }

  static async open(): Promise<DuckDB> {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    return new DuckDB(connection, await mkdtemp(join(tmpdir(), 'zonetoll-parquet-')))
  }

  /** The file's path in SQL quotes. */
  async table(parquet: Uint8Array): Promise<string> {
    const path = join(this.#folder, `${this.#files++}.parquet`)
    await writeFile(path, parquet)
    return `'${path}'`
  }

  /** Rows of plain values: bigints for BIGINT, Dates for TIMESTAMP. */
  async rows(sql: string, parameters: DuckDBValue[] = []): Promise<unknown[][]> {
    const reader = await this.#connection.runAndReadAll(sql, parameters)
    return reader.getRowsJS()
  }

  async close(): Promise<void> {
    this.#connection.closeSync()
    await rm(this.#folder, { recursive: true })
  }
}
