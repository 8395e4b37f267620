// Questions about who sent whom how much: the rollups' rows in groups, the most bytes first.
//
// For people an end is one text, as `pnpm start` has it: shop/Deployment/cart, nodes, interface orders-db.

import { CROSSING, OF_ENDS, type NamedQuery, type Question } from './named-query.ts'
import { NamedRow, type PeopleColumn } from './people-table.ts'
import { conditionOf, workloadOf, type Side } from './query-filters.ts'

interface Grouping {
  /** The columns of one side. */
  readonly end: (side: Side) => readonly string[]
  /** What people see of one side. */
  readonly called: (row: NamedRow, side: Side) => string
  readonly conditions?: readonly string[]
  /** Rows inside a zone, too, where there are any: they cost nothing. */
  readonly sameZone?: boolean
}

function pairQuery(name: string, asks: string, grouping: Grouping): NamedQuery {
  return {
    name,
    asks,
    takes: OF_ENDS,
    greatest: true,
    needsRollups: () => true,
    sql: question => groups(question, grouping),
    table: (columns, rows) => ({
      columns: PAIR_COLUMNS,
      rows: rows.map(values => {
        const row = new NamedRow(columns, values)
        const ends = [grouping.called(row, 'source'), grouping.called(row, 'destination')]
        return [...ends, ...['bytes', 'usd', 'packets', 'records'].map(column => row.cell(column))]
      }),
    }),
  }
}

const PAIR_COLUMNS: readonly PeopleColumn[] = [
  { heading: 'from', kind: 'name' },
  { heading: 'to', kind: 'name' },
  { heading: 'bytes', kind: 'number' },
  { heading: 'cost', kind: 'number' },
  { heading: 'packets', kind: 'number' },
  { heading: 'records', kind: 'number' },
]

function groups({ filters, crossZoneOnly }: Question, grouping: Grouping): string {
  const { end, conditions = [], sameZone = false } = grouping
  // A column that needn't be read saves a tenth of a month's time.
  const crossing = sameZone || crossZoneOnly ? [] : [CROSSING]
  const condition = conditionOf(filters, [...crossing, ...conditions])
  const columns = [...end('source'), ...end('destination')]
  const charged = sameZone ? `coalesce(sum(bytes) FILTER (${CROSSING}), 0)` : 'sum(bytes)'
  const order = [`${columns.length + 1} DESC`, ...columns.map((_, at) => at + 1)].join(', ')
  return `SELECT ${columns.join(', ')},
      sum(bytes) AS bytes, usd(${charged}) AS usd, sum(packets) AS packets, sum(records) AS records
    FROM rollup WHERE ${condition} GROUP BY ALL ORDER BY ${order}`
}

export const PAIR_QUERIES: readonly NamedQuery[] = [
  pairQuery('workloads', 'which workloads sent each other how much across zones', {
    end: side => [`${side}_kind`, `${side}_namespace`, `${workloadOf(side)} AS ${side}_workload`],
    called: (row, side) => {
      const kind = row.text(`${side}_kind`)
      const workload = row.text(`${side}_workload`)
      if (kind === 'node') return 'nodes'
      return kind === 'pod' ? `${row.text(`${side}_namespace`)}/${workload}` : `${kind} ${workload}`
    },
  }),
  pairQuery('apps', 'which apps did (by pod label); --app client: the cross-zone flows of client', {
    end: side => [`${side}_kind`, `${side}_namespace`, `${side}_app`],
    conditions: ['(source_app IS NOT NULL OR destination_app IS NOT NULL)'],
    called: (row, side) => {
      if (row.text(`${side}_kind`) !== 'pod') return `${row.text(`${side}_kind`)}s`
      const namespace = row.text(`${side}_namespace`)
      return row.isNull(`${side}_app`) ? `${namespace}, no app` : `${namespace}/${row.text(`${side}_app`)}`
    },
  }),
  {
    ...pairQuery('pods', 'which pods did; --from-pod a --to-pod b: how many bytes a sent to b', {
      end: side => [`${side}_namespace`, `${side}_name`, `${side}_zone`],
      // Who names two pods wants their bytes wherever they are.
      conditions: [`source_kind = 'pod'`, `destination_kind = 'pod'`],
      sameZone: true,
      called: (row, side) => {
        const name = `${row.text(`${side}_namespace`)}/${row.text(`${side}_name`)}`
        return `${name} ${row.text(`${side}_zone`)}`
      },
    }),
    takes: [...OF_ENDS, 'fromPod', 'toPod'],
  },
  pairQuery('namespaces', 'which namespaces did', {
    end: side => [`${side}_kind`, `${side}_namespace`],
    called: (row, side) => {
      const kind = row.text(`${side}_kind`)
      return kind === 'pod' ? row.text(`${side}_namespace`) : `${kind}s`
    },
  }),
  pairQuery('top', 'the greatest pairs of single pods, nodes, interfaces and subnets', {
    end: side => [`${side}_kind`, `${side}_namespace`, `${side}_name`, `${side}_zone`],
    called: (row, side) => {
      const kind = row.text(`${side}_kind`)
      const name = row.text(`${side}_name`)
      return kind === 'pod' ? `${row.text(`${side}_namespace`)}/${name}` : `${kind} ${name}`
    },
  }),
]
