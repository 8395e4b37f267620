/**
 * The named questions answered the plain way: a loop over rows and ledgers, and a sort. Shares nothing with the SQL.
 */
import { compareText, type Endpoint, type Ledger, type RollupRow } from '@zonetoll/model'
import type { Filters } from '../src/query-filters.ts'

/** What the questions are asked of. */
export interface Stored {
  readonly rows: readonly RollupRow[]
  readonly ledgers: readonly Ledger[]
}

/** As JSON has it: integers above 2^53 are strings. */
type Cell = string | number | boolean | null

export type Answer = Record<string, Cell>[]

const PRICE = 0.02
const GB = 2 ** 30

const crossing = ({ source, destination }: RollupRow) => source.zone !== destination.zone

function fits(end: Endpoint, { namespace, app, workload, zone }: Filters): boolean {
  if (namespace !== undefined && end.namespace !== namespace) return false
  if (app !== undefined && end.app !== app) return false
  if (zone !== undefined && end.zone !== zone) return false
  if (workload === undefined) return true
  const called = calledWorkload(end)
  return called !== null && (called === workload || called.endsWith(`/${workload}`))
}

const wanted = (rows: readonly RollupRow[], filters: Filters) =>
  rows.filter(({ source, destination }) => fits(source, filters) || fits(destination, filters))

function calledWorkload({ kind, workload, name }: Endpoint): string | null {
  if (workload !== null) return workload
  return kind === 'node' ? null : name
}

type EndCells = (end: Endpoint) => Record<string, Cell>

const ENDS: Readonly<Record<string, EndCells>> = {
  workloads: end => ({ kind: end.kind, namespace: end.namespace, workload: calledWorkload(end) }),
  apps: ({ kind, namespace, app }) => ({ kind, namespace, app }),
  pods: ({ namespace, name, zone }) => ({ namespace, name, zone }),
  namespaces: ({ kind, namespace }) => ({ kind, namespace }),
  top: ({ kind, namespace, name, zone }) => ({ kind, namespace, name, zone }),
}

const KEPT: Readonly<Record<string, (row: RollupRow) => boolean>> = {
  workloads: crossing,
  apps: row => crossing(row) && (row.source.app !== null || row.destination.app !== null),
  pods: ({ source, destination }) => source.kind === 'pod' && destination.kind === 'pod',
  namespaces: crossing,
  top: crossing,
}

interface Sums {
  bytes: bigint
  charged: bigint
  packets: bigint
  records: bigint
}

function add(sums: Sums, row: RollupRow): void {
  sums.bytes += BigInt(row.bytes)
  if (crossing(row)) sums.charged += BigInt(row.bytes)
  sums.packets += BigInt(row.packets)
  sums.records += BigInt(row.records)
}

/** Rows under one key, summed. */
function grouped(
  rows: readonly RollupRow[],
  keyOf: (row: RollupRow) => Record<string, Cell>,
): { key: Record<string, Cell>; sums: Sums }[] {
  const groups = new Map<string, { key: Record<string, Cell>; sums: Sums }>()
  for (const row of rows) {
    const key = keyOf(row)
    const text = JSON.stringify(key)
    const group = groups.get(text) ?? { key, sums: { bytes: 0n, charged: 0n, packets: 0n, records: 0n } }
    add(group.sums, row)
    groups.set(text, group)
  }
  return [...groups.values()]
}

function exact(value: bigint): Cell {
  return value > 2n ** 53n ? value.toString() : Number(value)
}

const dollars = (bytes: bigint) => (Number(bytes) / GB) * PRICE

/** workloads, apps, pods, namespaces, top. */
export function pairs(name: string, { rows }: Stored, filters: Filters = {}): Answer {
  const kept = wanted(rows, filters).filter(row => KEPT[name]!(row) && betweenPods(row, filters))
  const groups = grouped(kept, ({ source, destination }) => ({
    ...prefixed('source', ENDS[name]!(source)),
    ...prefixed('destination', ENDS[name]!(destination)),
  }))
  groups.sort((a, b) => {
    if (a.sums.bytes !== b.sums.bytes) return a.sums.bytes > b.sums.bytes ? -1 : 1
    const names = Object.keys(a.key)
    return names.reduce((order, each) => order || compareText(text(a.key[each]!), text(b.key[each]!)), 0)
  })
  return groups.map(({ key, sums }) =>
    Object.assign(key, {
      bytes: exact(sums.bytes),
      usd: dollars(sums.charged),
      packets: exact(sums.packets),
      records: exact(sums.records),
    }),
  )
}

const text = (cell: Cell) => (cell === null ? null : String(cell))

function betweenPods({ source, destination }: RollupRow, { fromPod, toPod }: Filters): boolean {
  return isPod(source, fromPod) && isPod(destination, toPod)
}

function isPod(end: Endpoint, pod: string | undefined): boolean {
  return pod === undefined || end.name === pod || `${end.namespace}/${end.name}` === pod
}

function prefixed(side: string, cells: Record<string, Cell>): Record<string, Cell> {
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [`${side}_${name}`, cell]))
}

export function zones({ rows, ledgers }: Stored, filters: Filters = {}): Answer {
  const cells = new Map<string, { source: string; destination: string; sums: [bigint, bigint, bigint] }>()
  const put = (source: string, destination: string, sums: readonly bigint[]) => {
    const cell = cells.get(`${source} ${destination}`) ?? { source, destination, sums: [0n, 0n, 0n] }
    for (const [at, sum] of sums.entries()) cell.sums[at]! += sum
    cells.set(`${source} ${destination}`, cell)
  }
  if (Object.keys(filters).length === 0) {
    for (const pair of ledgers.flatMap(ledger => ledger.zones)) {
      put(pair.source, pair.destination, [pair.bytes, pair.packets, pair.records])
    }
  } else {
    for (const { source, destination, bytes, packets, records } of wanted(rows, filters)) {
      put(source.zone, destination.zone, [BigInt(bytes), BigInt(packets), BigInt(records)])
    }
  }
  return [...cells.values()]
    .sort((a, b) => compareText(a.source, b.source) || compareText(a.destination, b.destination))
    .map(({ source, destination, sums: [bytes, packets, records] }) => ({
      source_zone: source,
      destination_zone: destination,
      bytes: exact(bytes),
      usd: source === destination ? 0 : dollars(bytes),
      packets: exact(packets),
      records: exact(records),
    }))
}

export function hours({ rows, ledgers }: Stored, filters: Filters = {}): Answer {
  const byHour = new Map(ledgers.map(ledger => [Number(ledger.hour), ledger]))
  const all = [...byHour.keys()]
  const answer: Answer = []
  for (let hour = Math.min(...all); hour <= Math.max(...all); hour += 3600) {
    const ledger = byHour.get(hour)
    const start = { hour_start: `${new Date(hour * 1000).toISOString().slice(0, 19)}Z` }
    if (Object.keys(filters).length > 0) {
      const kept = wanted(rows, filters).filter(row => row.hourStart === hour && crossing(row))
      const sums = grouped(kept, () => ({}))[0]?.sums ?? { bytes: 0n, packets: 0n, records: 0n }
      answer.push({
        ...start,
        bytes: ledger === undefined ? null : exact(sums.bytes),
        usd: ledger === undefined ? null : dollars(sums.bytes),
        packets: ledger === undefined ? null : exact(sums.packets),
        records: ledger === undefined ? null : exact(sums.records),
      })
      continue
    }
    if (ledger === undefined) {
      const nothing = { bytes: null, usd: null, packets: null, records: null }
      answer.push({ ...start, ...nothing, same_zone_bytes: null, cross_zone_share: null })
      continue
    }
    const { crossZone, sameZone } = ledger.accounts
    const known = crossZone.bytes + sameZone.bytes
    answer.push({
      ...start,
      bytes: exact(crossZone.bytes),
      usd: dollars(crossZone.bytes),
      packets: exact(crossZone.packets),
      records: exact(crossZone.records),
      same_zone_bytes: exact(sameZone.bytes),
      cross_zone_share: known === 0n ? null : Number(crossZone.bytes) / Number(known),
    })
  }
  return answer
}

/** Without the column `means`, which is prose. */
export function unattributed({ ledgers }: Stored): Answer {
  const sum = (account: string, column: 'records' | 'bytes' | 'packets') =>
    ledgers.reduce((total, ledger) => {
      const totals = { ...ledger.accounts, handedOver: ledger.handedOver }
      return total + totals[account as keyof typeof totals][column]
    }, 0n)
  const sent = ['unknownSource', 'outside', 'unknownDestination', 'sameZone', 'crossZone']
  const whole = sent.reduce((total, account) => total + sum(account, 'bytes'), 0n)
  const shown = ['unknownSource', 'unknownDestination', 'outside', 'handedOver', 'skipData', 'malformed']
  return shown.map(account => ({
    account,
    records: exact(sum(account, 'records')),
    bytes: exact(sum(account, 'bytes')),
    packets: exact(sum(account, 'packets')),
    sent_share: Number(sum(account, 'bytes')) / Number(whole),
  }))
}

export function seed({ rows }: Stored, filters: Filters = {}): Answer {
  const kept = wanted(rows, filters).filter(
    row => crossing(row) && row.source.app !== null && row.destination.app !== null,
  )
  const groups = grouped(kept, ({ hourStart, source, destination }) => ({
    timestamp: `${new Date(hourStart * 1000).toISOString().slice(0, 19)}Z`,
    cross_az_traffic: `${source.app} -> ${destination.app}`,
  }))
  // ORDER BY "timestamp" DESC, "bytes_transfered"; ours goes on by name where these are equal.
  groups.sort((a, b) => {
    if (a.key['timestamp'] !== b.key['timestamp']) return a.key['timestamp']! > b.key['timestamp']! ? -1 : 1
    if (a.sums.bytes !== b.sums.bytes) return a.sums.bytes < b.sums.bytes ? -1 : 1
    return compareText(String(a.key['cross_az_traffic']), String(b.key['cross_az_traffic']))
  })
  return groups.map(({ key, sums }) => Object.assign(key, { bytes_transfered: exact(sums.bytes) }))
}
