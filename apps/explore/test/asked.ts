// Questions asked in this process: the database over a folder's rollups, and answers as JSON has them.

import { openLocation } from '@zonetoll/objects'
import { NAMED_QUERIES, pricedFunctions } from '../src/named-queries.ts'
import { openHours, type OpenHours } from '../src/open-hours.ts'
import { compactJson } from '../src/people-table.ts'
import { plainValue } from '../src/plain-value.ts'
import { LEDGER_DETAILS } from '../src/ledger-tables.ts'
import type { Filters } from '../src/query-filters.ts'
import type { RollupDatabase } from '../src/rollup-database.ts'

export const NO_SIGNAL = new AbortController().signal

export async function openFolder(folder: string, signal: AbortSignal = NO_SIGNAL): Promise<OpenHours> {
  return await openHours(openLocation(folder), {
    cluster: null,
    interval: null,
    rollups: true,
    details: LEDGER_DETAILS,
    functions: pricedFunctions({ usdPerGb: 0.02, gb: 2 ** 30 }),
    progress: null,
    signal,
  })
}

export async function askNamed(open: OpenHours, name: string, filters: Filters = {}): Promise<unknown[]> {
  const query = NAMED_QUERIES.find(each => each.name === name)
  if (query === undefined) throw new Error(`no question is called ${name}`)
  return await askSql(open.database, query.sql({ filters, crossZoneOnly: open.crossZoneOnly }))
}

export async function askSql(database: RollupDatabase, sql: string): Promise<unknown[]> {
  const selection = await database.select(sql)
  const objects: unknown[] = []
  for await (const chunk of selection.chunks()) {
    for (const row of chunk.getRows()) {
      const cells = selection.names.map((name, at) => [name, plainValue(row[at]!)] as const)
      objects.push(JSON.parse(compactJson(Object.fromEntries(cells))))
    }
  }
  await selection.drop()
  return objects
}
