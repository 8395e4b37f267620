// The ledgers as tables: what every line read became, in SQL.
//
//   ledger            a row an hour: rows, read_records, …, cross_zone_bytes, same_zone_bytes, unattributed_bytes, …
//   ledger_account    a row an hour and account
//   ledger_zone       a row an hour and pair of zones, same-zone pairs with them
//   ledger_workload   a row an hour, workload and zone: how many pods held an address there
//   ledger_object     a row an hour and object read, with the reason where one was left out
//
// Sums are HUGEINT: a ledger's are exact at any size.

import {
  timestampValue,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBTimestampValue,
} from '@duckdb/node-api'
import { ACCOUNTS, type Account, type Hour, type Ledger, type Totals } from '@zonetoll/model'

const TOTALS = ['records', 'bytes', 'packets'] as const
const SUMS = TOTALS.map(name => `${name} HUGEINT`).join(', ')

/** Bytes that known pods, nodes and the like sent or got, with an end that nothing known held. */
const UNATTRIBUTED: readonly Account[] = ['unknownSource', 'unknownDestination']

const TABLES = {
  ledger: [
    'hour_start TIMESTAMP, cluster VARCHAR, rows BIGINT',
    ...['read', 'cross_zone', 'same_zone', 'outside', 'unattributed', 'handed_over'].flatMap(part =>
      TOTALS.map(name => `${part}_${name} HUGEINT`),
    ),
    'cut_assignments BIGINT, objects BIGINT, objects_left_out BIGINT, empty_slots BIGINT, all_pairs BOOLEAN',
  ].join(', '),
  ledger_account: `hour_start TIMESTAMP, account VARCHAR, ${SUMS}`,
  ledger_zone: `hour_start TIMESTAMP, source_zone VARCHAR, destination_zone VARCHAR, ${SUMS}`,
  ledger_workload: 'hour_start TIMESTAMP, namespace VARCHAR, workload VARCHAR, zone VARCHAR, pods BIGINT',
  ledger_object:
    'hour_start TIMESTAMP, key VARCHAR, size BIGINT, etag VARCHAR, records BIGINT, problem VARCHAR',
} as const

type TableName = keyof typeof TABLES

/** The tables with more than a few rows an hour: filled where a question needs them. */
export type LedgerDetail = 'ledger_workload' | 'ledger_object'

export const LEDGER_DETAILS: readonly LedgerDetail[] = ['ledger_workload', 'ledger_object']

/** Makes the tables and fills them, a ledger at a time. */
export class LedgerTables {
  readonly #appenders: Readonly<Record<TableName, DuckDBAppender>>
  readonly #details: readonly LedgerDetail[]

  private constructor(
    appenders: Readonly<Record<TableName, DuckDBAppender>>,
    details: readonly LedgerDetail[],
  ) {
    this.#appenders = appenders
    this.#details = details
  }

  /** All of the tables; of the details those that are named are filled. */
  static async make(connection: DuckDBConnection, details = LEDGER_DETAILS): Promise<LedgerTables> {
    const appenders: [string, DuckDBAppender][] = []
    for (const [name, columns] of Object.entries(TABLES)) {
      await connection.run(`CREATE TABLE ${name} (${columns})`)
      appenders.push([name, await connection.createAppender(name)])
    }
    return new LedgerTables(Object.fromEntries(appenders) as Record<TableName, DuckDBAppender>, details)
  }

  add(ledger: Ledger): void {
    const hour = hourValue(ledger.hour)
    this.#addHour(hour, ledger)
    const { ledger_account, ledger_zone } = this.#appenders
    for (const account of ACCOUNTS) {
      ledger_account.appendTimestamp(hour)
      ledger_account.appendVarchar(account)
      endWithTotals(ledger_account, ledger.accounts[account])
    }
    for (const pair of ledger.zones) {
      ledger_zone.appendTimestamp(hour)
      ledger_zone.appendVarchar(pair.source)
      ledger_zone.appendVarchar(pair.destination)
      endWithTotals(ledger_zone, pair)
    }
    if (this.#details.includes('ledger_workload')) this.#addWorkloads(hour, ledger)
    if (this.#details.includes('ledger_object')) this.#addObjects(hour, ledger)
  }

  #addWorkloads(hour: DuckDBTimestampValue, { workloads }: Ledger): void {
    const { ledger_workload } = this.#appenders
    for (const { namespace, workload, zones } of workloads) {
      for (const [zone, pods] of zones) {
        ledger_workload.appendTimestamp(hour)
        ledger_workload.appendVarchar(namespace)
        ledger_workload.appendVarchar(workload)
        ledger_workload.appendVarchar(zone)
        ledger_workload.appendBigInt(BigInt(pods))
        ledger_workload.endRow()
      }
    }
  }

  #addObjects(hour: DuckDBTimestampValue, { objects }: Ledger): void {
    const { ledger_object } = this.#appenders
    for (const { key, size, etag, records, problem } of objects) {
      ledger_object.appendTimestamp(hour)
      ledger_object.appendVarchar(key)
      ledger_object.appendBigInt(BigInt(size))
      ledger_object.appendVarchar(etag)
      ledger_object.appendBigInt(BigInt(records))
      if (problem === null) ledger_object.appendNull()
      else ledger_object.appendVarchar(problem)
      ledger_object.endRow()
    }
  }

  /** After the last ledger: only then are all rows there. */
  close(): void {
    for (const appender of Object.values(this.#appenders)) appender.closeSync()
  }

  #addHour(hour: DuckDBTimestampValue, ledger: Ledger): void {
    const table = this.#appenders.ledger
    const { accounts, objects } = ledger
    const unattributed = UNATTRIBUTED.map(account => accounts[account])
    table.appendTimestamp(hour)
    table.appendVarchar(ledger.cluster)
    table.appendBigInt(BigInt(ledger.rows))
    for (const totals of [
      [ledger.read],
      [accounts.crossZone],
      [accounts.sameZone],
      [accounts.outside],
      unattributed,
      [ledger.handedOver],
    ]) {
      for (const name of TOTALS) table.appendHugeInt(totals.reduce((sum, part) => sum + part[name], 0n))
    }
    table.appendBigInt(BigInt(ledger.cutAssignments))
    table.appendBigInt(BigInt(objects.length))
    table.appendBigInt(BigInt(objects.filter(({ problem }) => problem !== null).length))
    table.appendBigInt(BigInt(ledger.emptySlots.length))
    table.appendBoolean(ledger.options.allPairs)
    table.endRow()
  }
}

/** The hour as DuckDB has rollup.hour_start. */
export function hourValue(hour: Hour): DuckDBTimestampValue {
  return timestampValue(BigInt(hour) * 1_000_000n)
}

function endWithTotals(table: DuckDBAppender, totals: Totals): void {
  for (const name of TOTALS) table.appendHugeInt(totals[name])
  table.endRow()
}
