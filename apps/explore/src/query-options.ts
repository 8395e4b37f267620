// The options of `pnpm query`, checked before anything is read.

import { BadValue, readText, UsageError, wholeNumber, type CommandDefinition } from '@zonetoll/command'
import type { Hour } from '@zonetoll/model'
import { HOUR_OPTIONS, intervalOf, type HourValues } from './hour-options.ts'
import { NAMED_QUERIES } from './named-queries.ts'
import type { NamedQuery } from './named-query.ts'
import { nearest } from './nearest-names.ts'
import { PRICE_OPTIONS, priceOf, type Price } from './price-options.ts'
import { FILTERS, type FilterName, type Filters } from './query-filters.ts'
import type { HourInterval } from './stored-hours.ts'

export const FORMATS = ['table', 'csv', 'json', 'markdown', 'parquet'] as const

export type Format = (typeof FORMATS)[number]

/** What is asked: a question with a name, or SQL. */
export type Asked = { readonly query: NamedQuery; readonly filters: Filters } | { readonly sql: string }

export interface QueryOptions {
  readonly asked: Asked
  readonly interval: HourInterval | null
  readonly rollups: string
  readonly cluster: string | null
  /** Rows at the most, null for all. */
  readonly limit: number | null
  readonly price: Price
  readonly format: Format
  /** A path or URI, null for standard output. */
  readonly output: string | null
  readonly quiet: boolean
}

/** Rows that people see of a list without an end. */
const FIRST_FEW = 20
/** Rows that people see of SQL's result: they said themselves what they want of it. */
const FIRST_MANY = 1000
const MOST_ROWS = 1e12

const FLAGS: Readonly<Record<FilterName, string>> = {
  namespace: '--namespace',
  app: '--app',
  workload: '--workload',
  zone: '--zone',
  fromPod: '--from-pod',
  toPod: '--to-pod',
}

export const QUERY: CommandDefinition = {
  name: 'pnpm query',
  description: [
    'Asks the rollups: what pods sent each other across availability zones, and what that costs. Without a name it',
    'lists the questions that have one. Text that begins like SQL or holds a space is SQL, one statement that reads, over',
    'the tables rollup (a row an hour and pair; its columns are those of rollup.parquet), ledger (a row an hour),',
    'ledger_account, ledger_zone, ledger_workload and ledger_object (DESCRIBE shows their columns), with the function',
    'usd(bytes). Times are UTC. Nothing else can be reached from SQL: no file, no network, no extension.',
  ].join(' '),
  argument: ['[name-or-sql]', 'the name of a question, or SQL'],
  options: [
    ...HOUR_OPTIONS,
    {
      flags: '--namespace <name>',
      description: 'only where the source or the destination is in this namespace',
      parse: readText,
    },
    { flags: '--app <name>', description: 'likewise has this app label', parse: readText },
    {
      flags: '--workload <name>',
      description: 'likewise is of this workload: Deployment/cart, or cart',
      parse: readText,
    },
    {
      flags: '--zone <id>',
      description: 'likewise is in this zone; of several such options one end must fit all',
      parse: readText,
    },
    {
      flags: '--from-pod <name>',
      description: 'pods: sent by this pod, as name or namespace/name',
      parse: readText,
    },
    { flags: '--to-pod <name>', description: 'pods: sent to this pod', parse: readText },
    {
      flags: '--limit <rows>',
      description: `rows at the most, 0 for all (default: for table and markdown ${FIRST_FEW} of a list, ${FIRST_MANY} of SQL; else all)`,
      parse: wholeNumber(0, MOST_ROWS),
    },
    {
      flags: '--format <format>',
      description: `${FORMATS.join(', ')} (default: table, on a pipe too, where it is as wide as it needs). In table and markdown numbers have units, elsewhere they are raw`,
      parse: readFormat,
    },
    {
      flags: '--output <file>',
      description:
        'write there, whole or not at all, instead of to standard output: a path or s3://bucket/key',
      parse: readText,
    },
    ...PRICE_OPTIONS,
    { flags: '--quiet', description: 'no progress and no notes' },
  ],
  examples: [
    'pnpm query',
    'pnpm query pods --hour 2024-05-01T10 --from-pod client-5d9c-abcde --to-pod server-7f4b-fghij',
    'pnpm query apps --app client',
    'pnpm query workloads --from 2024-05-01T00 --to 2024-06-01T00 --namespace shop --rollups s3://zonetoll/rollups',
    'pnpm query zones --format markdown',
    'pnpm query seed --format csv --output seed.csv',
    'pnpm query "SELECT source_workload, usd(sum(bytes)) AS usd FROM rollup GROUP BY ALL ORDER BY usd DESC LIMIT 5"',
  ],
}

type Values = HourValues &
  Filters & {
    readonly rollups?: string
    readonly cluster?: string
    readonly limit?: number
    readonly format?: Format
    readonly output?: string
    readonly usdPerGb?: number
    readonly gb?: number
    readonly quiet?: boolean
  }

/** What commander read, as options; null where no question was asked. Throws UsageError. */
export function readOptions(
  question: string | undefined,
  values: Readonly<Record<string, unknown>>,
): QueryOptions | null {
  if (question === undefined) return null
  const given = values as Values & { readonly hour?: Hour }
  const asked = askedOf(question, given)
  const format = given.format ?? 'table'
  return {
    asked,
    interval: intervalOf(given),
    rollups: given.rollups ?? './rollups',
    cluster: given.cluster ?? null,
    limit: limitOf(given.limit, asked, format),
    price: priceOf(given),
    format,
    output: given.output ?? null,
    quiet: given.quiet ?? false,
  }
}

const SQL = /^\s*(?:SELECT|WITH|FROM|VALUES|TABLE|DESCRIBE|DESC|SUMMARIZE|SHOW|PIVOT|UNPIVOT)\b|[\s(;]|^$/i

function askedOf(question: string, given: Filters): Asked {
  const filters = Object.fromEntries(
    FILTERS.filter(name => given[name] !== undefined).map(name => [name, given[name]]),
  ) as Filters
  const names = Object.keys(filters) as FilterName[]
  const query = NAMED_QUERIES.find(({ name }) => name === question)
  if (query !== undefined) {
    mustTake(query.name, names, query.takes)
    return { query, filters }
  }
  if (!SQL.test(question)) throw unknownQuery(question)
  if (question.trim() === '') throw new UsageError('no question asked: expected a name or SQL')
  mustTake('SQL', names, [])
  return { sql: question }
}

function mustTake(what: string, given: readonly FilterName[], takes: readonly FilterName[]): void {
  const wrong = given.filter(name => !takes.includes(name)).map(name => FLAGS[name])
  if (wrong.length === 0) return
  const instead = what === 'SQL' ? 'say it in a WHERE' : takesOf(takes)
  const variables = wrong.map(flag => `ZONETOLL_${flag.slice(2).replace('-', '_').toUpperCase()}`).join(', ')
  throw new UsageError(`${what} takes no ${wrong.join(', ')}: ${instead} (${variables} counts too)`)
}

function takesOf(takes: readonly FilterName[]): string {
  return takes.length === 0 ? 'it is of whole hours' : `it takes ${takes.map(name => FLAGS[name]).join(', ')}`
}

function unknownQuery(question: string): UsageError {
  const names = NAMED_QUERIES.map(({ name }) => name)
  const near = nearest(question, names)
  const said = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are ${names.join(', ')}, and SQL`
  return new UsageError(`no question is called ${JSON.stringify(question)}: ${said}`)
}

function limitOf(limit: number | undefined, asked: Asked, format: Format): number | null {
  if (limit !== undefined) return limit === 0 ? null : limit
  if (format !== 'table' && format !== 'markdown') return null
  if ('sql' in asked) return FIRST_MANY
  return asked.query.greatest ? FIRST_FEW : null
}

function readFormat(text: string): Format {
  const format = FORMATS.find(each => each === text)
  if (format === undefined) throw new BadValue(`Expected one of ${FORMATS.join(', ')}.`)
  return format
}
