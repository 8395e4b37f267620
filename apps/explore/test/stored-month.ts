/**
 * Rollups of any number of hours as a large cluster leaves them, seeded, without making flow logs first.
 *
 * Endpoints: 200 workloads in 12 namespaces, 3,000 pods in three zones, some nodes, databases and subnets. An hour
 * has so many rows, drawn anew; few pairs send most of the bytes. With `sameZone` it has rows inside a zone too, as
 * `pnpm start --all-pairs` leaves them.
 *
 * By hand, a month of 20,000 rows an hour:
 *
 *     node apps/explore/test/stored-month.ts /tmp/month 720 20000
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ACCOUNTS,
  compareEndpoints,
  formatLedger,
  parseHour,
  type Account,
  type Endpoint,
  type Hour,
  type Ledger,
  type LedgerWorkload,
  type RollupRow,
  type Totals,
  type UnixSeconds,
  type ZoneId,
  type ZonePair,
} from '@zonetoll/model'
import { hourPartition } from '@zonetoll/objects'
import { writeRollup } from '@zonetoll/parquet'
import { Seeded } from '../../../test/support/seeded.ts'

export interface MonthOptions {
  readonly hours: number
  /** Of each hour. */
  readonly rows: number
  readonly first?: Hour
  readonly cluster?: string
  readonly seed?: number
  /** The share of rows that stay in a zone. */
  readonly sameZone?: number
  readonly workloads?: number
}

export const FIRST_HOUR = parseHour('2024-05-01T00')!
const ZONES = ['use2-az1', 'use2-az2', 'use2-az3'] as ZoneId[]
const POD_ENDING = 'bcdfghjklmnpqrstvwxz2456789'.split('')

/** Writes the hours below the folder and gives them back, rows and all, to the callback one by one. */
export async function writeMonth(
  root: string,
  options: MonthOptions,
  made: (rows: readonly RollupRow[], ledger: Ledger) => void = () => {},
): Promise<void> {
  const { hours, rows, first = FIRST_HOUR, cluster = 'shop', seed = 1, sameZone = 0 } = options
  const random = new Seeded(seed)
  const endpoints = endpointsOf(random, options.workloads ?? 200)
  for (let at = 0; at < hours; at++) {
    const hour = (first + at * 3600) as Hour
    const hourRows = rowsOf(random, endpoints, { hour, rows, sameZone })
    const ledger = await writeHour(root, cluster, hour, hourRows, workloadsOf(endpoints), random)
    made(hourRows, ledger)
  }
}

/** Writes one hour's two files; the ledger is the rows' own. */
export async function writeHour(
  root: string,
  cluster: string,
  hour: Hour,
  rows: readonly RollupRow[],
  workloads: readonly LedgerWorkload[] = [],
  random = new Seeded(1),
): Promise<Ledger> {
  const folder = join(root, hourPartition(cluster, hour))
  await mkdir(folder, { recursive: true })
  const parts: Uint8Array[] = []
  const written = await writeRollup(rows, { write: async bytes => void parts.push(bytes.slice()) })
  const ledger: Ledger = {
    ...booksOf(rows, random),
    cluster,
    hour,
    rows: written.rows,
    rollupSha256: written.sha256,
    workloads,
    objects: Array.from({ length: 12 }, (_, slot) => ({
      key: `AWSLogs/1/vpcflowlogs/${hour}/${slot}.log.gz`,
      size: 1000 + slot,
      etag: `e${slot}`,
      records: 10,
      problem: null,
    })),
    assignments: [{ key: `assignments/${hour}.ndjson.gz`, size: 100, etag: 'a' }],
    emptySlots: random.chance(0.2) ? [(hour + 300 * random.int(12)) as UnixSeconds] : [],
    options: {
      allPairs: rows.some(({ source, destination }) => source.zone === destination.zone),
      appLabels: ['app'],
      flowLogIds: [],
      settle: 20,
      skipBadObjects: false,
    },
  }
  await writeFile(join(folder, 'rollup.parquet'), Buffer.concat(parts))
  await writeFile(join(folder, '_ledger.json'), formatLedger(ledger))
  return ledger
}

function endpointsOf(random: Seeded, workloads: number): Endpoint[] {
  const endpoints: Endpoint[] = []
  const ending = (length: number) => random.list(length, () => random.pick(POD_ENDING)).join('')
  for (let at = 0; at < workloads; at++) {
    const namespace = `team-${at % 12}`
    const app = `service-${String(at).padStart(3, '0')}`
    const set = `${app}-${ending(10)}`
    for (let pod = random.int(28) + 2; pod > 0; pod--) {
      const zone = random.pick(ZONES)
      endpoints.push({
        kind: 'pod',
        namespace,
        name: `${set}-${ending(5)}`,
        workload: `Deployment/${app}`,
        // Some pods have no label that names an app.
        app: at % 9 === 8 ? null : app,
        node: nodeName(zone, random.int(40)),
        zone,
      })
    }
  }
  const other = { namespace: null, workload: null, app: null, node: null }
  for (let at = 0; at < 60; at++) {
    const zone = ZONES[at % 3]!
    endpoints.push({ ...other, kind: 'node', name: nodeName(zone, at), zone })
    if (at < 6) endpoints.push({ ...other, kind: 'interface', name: `orders-db-${at}`, zone })
    if (at < 3) endpoints.push({ ...other, kind: 'subnet', name: `subnet-0a${at}`, zone })
  }
  return endpoints.sort(compareEndpoints)
}

function nodeName(zone: ZoneId, at: number): string {
  return `ip-10-0-${zone.at(-1)}-${at}.us-east-2.compute.internal`
}

function rowsOf(
  random: Seeded,
  endpoints: readonly Endpoint[],
  { hour, rows, sameZone }: { hour: Hour; rows: number; sameZone: number },
): RollupRow[] {
  const pairs = new Set<number>()
  while (pairs.size < rows) {
    const [source, destination] = [random.int(endpoints.length), random.int(endpoints.length)]
    const same = endpoints[source]!.zone === endpoints[destination]!.zone
    if (source === destination || same !== random.chance(sameZone)) continue
    pairs.add(source * endpoints.length + destination)
  }
  return [...pairs]
    .sort((a, b) => a - b)
    .map(pair => {
      // Bytes from hundreds to tens of GB: the logarithm is even.
      const bytes = Math.floor(10 ** (2 + 8 * random.next() * random.next()))
      return {
        hourStart: hour,
        source: endpoints[Math.floor(pair / endpoints.length)]!,
        destination: endpoints[pair % endpoints.length]!,
        bytes,
        packets: Math.ceil(bytes / 1400),
        records: 1 + random.int(30),
      }
    })
}

function workloadsOf(endpoints: readonly Endpoint[]): LedgerWorkload[] {
  const workloads = new Map<string, { namespace: string; workload: string; zones: Map<ZoneId, number> }>()
  for (const { namespace, workload, zone } of endpoints) {
    if (namespace === null || workload === null) continue
    const key = `${namespace}/${workload}`
    const found = workloads.get(key) ?? { namespace, workload, zones: new Map() }
    found.zones.set(zone, (found.zones.get(zone) ?? 0) + 1)
    workloads.set(key, found)
  }
  return [...workloads.values()]
}

type Books = Pick<Ledger, 'read' | 'accounts' | 'handedOver' | 'cutAssignments' | 'zones'>

// Same-zone bytes are counted whether or not they have rows: where they have none, some are made up.
function booksOf(rows: readonly RollupRow[], random: Seeded): Books {
  const zones = new Map<string, ZonePair>()
  for (const { source, destination, ...totals } of rows) {
    const key = `${source.zone} ${destination.zone}`
    const before = zones.get(key)
    const pair = { source: source.zone, destination: destination.zone }
    zones.set(key, { ...pair, ...added(before ?? NOTHING, totalsOf(totals)) })
  }
  for (const zone of ZONES) {
    if (zones.has(`${zone} ${zone}`)) continue
    const totals = totalsOf({ records: 500, bytes: random.int(2 ** 30) * 100, packets: 1000 })
    zones.set(`${zone} ${zone}`, { source: zone, destination: zone, ...totals })
  }
  const pairs = [...zones.values()].sort((a, b) =>
    `${a.source} ${a.destination}` < `${b.source} ${b.destination}` ? -1 : 1,
  )
  const sums = Object.fromEntries(
    ACCOUNTS.map(account => [
      account,
      totalsOf({ records: random.int(1000), bytes: random.int(2 ** 30), packets: 10 }),
    ]),
  ) as Record<Account, Totals>
  for (const account of ['malformed', 'skipData', 'noData'] as const)
    sums[account] = { ...NOTHING, records: 3n }
  sums.sameZone = pairs.filter(pair => pair.source === pair.destination).reduce(added, NOTHING)
  sums.crossZone = pairs.filter(pair => pair.source !== pair.destination).reduce(added, NOTHING)
  return {
    read: Object.values(sums).reduce(added, NOTHING),
    accounts: sums,
    handedOver: totalsOf({ records: 7, bytes: 7000, packets: 7 }),
    cutAssignments: 1,
    zones: pairs,
  }
}

const NOTHING: Totals = { records: 0n, bytes: 0n, packets: 0n }

function added(a: Totals, b: Totals): Totals {
  return { records: a.records + b.records, bytes: a.bytes + b.bytes, packets: a.packets + b.packets }
}

function totalsOf({ records, bytes, packets }: { records: number; bytes: number; packets: number }): Totals {
  return { records: BigInt(records), bytes: BigInt(bytes), packets: BigInt(packets) }
}

if (process.argv[1] === import.meta.filename) {
  const [root, hours, rows] = process.argv.slice(2)
  if (root === undefined) throw new Error('say where to: stored-month.ts FOLDER [HOURS] [ROWS]')
  await writeMonth(root, { hours: Number(hours ?? 720), rows: Number(rows ?? 20_000) })
}
