// Where nothing was found: whether what was asked for exists at all, and if not, what may have been meant.
//
// Asked only then, since it reads all names of the hours at hand. A workload that sent nothing has no row, yet the
// ledgers know it.

import { UsageError } from '@zonetoll/command'
import { nearest } from './nearest-names.ts'
import { workloadOf, type FilterName, type Filters } from './query-filters.ts'
import type { RollupDatabase } from './rollup-database.ts'

interface Names {
  readonly what: string
  /** Each row one name. */
  readonly sql: string
}

const ENDS = (column: (side: 'source' | 'destination') => string): string =>
  `SELECT DISTINCT ${column('source')} AS name FROM rollup UNION SELECT DISTINCT ${column('destination')} FROM rollup`

const pods = (label: (side: string) => string): string =>
  `SELECT DISTINCT ${label('source')} AS name FROM rollup WHERE source_kind = 'pod'
   UNION SELECT DISTINCT ${label('destination')} FROM rollup WHERE destination_kind = 'pod'`

const POD_NAMES: Names = { what: 'pod', sql: pods(side => `${side}_name`) }
const FULL_POD_NAMES: Names = { what: 'pod', sql: pods(side => `${side}_namespace || '/' || ${side}_name`) }

const NAMES: Readonly<Record<FilterName, (asked: string) => Names>> = {
  namespace: () => ({
    what: 'namespace',
    sql: `${ENDS(side => `${side}_namespace`)} UNION SELECT namespace FROM ledger_workload`,
  }),
  app: () => ({ what: 'app', sql: ENDS(side => `${side}_app`) }),
  workload: () => ({
    what: 'workload',
    sql: `${ENDS(workloadOf)} UNION SELECT workload FROM ledger_workload`,
  }),
  zone: () => ({
    what: 'zone',
    sql: 'SELECT source_zone AS name FROM ledger_zone UNION SELECT destination_zone FROM ledger_zone UNION SELECT zone FROM ledger_workload',
  }),
  fromPod: asked => (asked.includes('/') ? FULL_POD_NAMES : POD_NAMES),
  toPod: asked => (asked.includes('/') ? FULL_POD_NAMES : POD_NAMES),
}

/** Throws UsageError for the first filter that names nothing in these hours. */
export async function mustBeKnown(filters: Filters, database: RollupDatabase): Promise<void> {
  for (const [filter, asked] of Object.entries(filters) as [FilterName, string][]) {
    const { what, sql } = NAMES[filter](asked)
    const names = await namesOf(database, sql)
    const fits = (name: string) => name === asked || (filter === 'workload' && name.endsWith(`/${asked}`))
    if (!names.some(fits)) throw unknownName(what, asked, names)
  }
}

async function namesOf(database: RollupDatabase, sql: string): Promise<string[]> {
  const names: string[] = []
  const selection = await database.select(sql)
  for await (const chunk of selection.chunks()) {
    names.push(...chunk.getColumnValues(0).filter(name => typeof name === 'string'))
  }
  await selection.drop()
  return names
}

const SHOWN_NAMES = 12

function unknownName(what: string, asked: string, names: readonly string[]): UsageError {
  const near = nearest(asked, names)
  const all = names.toSorted()
  const rest = all.length > SHOWN_NAMES ? ` and ${all.length - SHOWN_NAMES} more` : ''
  const there =
    names.length === 0 ? 'there is none' : `there are ${all.slice(0, SHOWN_NAMES).join(', ')}${rest}`
  const said = near.length > 0 ? `did you mean ${near.join(', ')}?` : there
  return new UsageError(`no ${what} called ${JSON.stringify(asked)} in these hours: ${said}`)
}
