/**
 * Hours of rows and ledgers made from a seed: few names, so that workloads meet in every way; every kind of endpoint, odd
 * names among them. The ledgers are the rows' own.
 */
import {
  ACCOUNTS,
  type Account,
  type Endpoint,
  type Hour,
  type LedgerWorkload,
  type RollupRow,
  type Totals,
  type UnixSeconds,
  type ZoneId,
  type ZonePair,
} from '@zonetoll/model'
import { Seeded } from '../../../test/support/seeded.ts'
import type { ReportLedger } from '../src/report-data.ts'

export interface RandomHour {
  readonly ledger: ReportLedger
  readonly rows: readonly RollupRow[]
}

export const FIRST = 1_714_557_600 as Hour
export const ZONES = ['use2-az1', 'use2-az2', 'use2-az3'] as ZoneId[]
const CONTROLLERS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job']
const NAMES = [
  'cart',
  'orders',
  'prometheus',
  'kafka',
  'node-exporter',
  '<script>alert(1)</script>',
  'x"y\u202e',
]
const INTERFACES = ['orders-db', 'net/ingress/50dc', 'Amazon EKS', 'my_redis_001', 'dbx']
const NOTHING: Totals = { records: 0n, bytes: 0n, packets: 0n }

export function randomHours(seed: number, hours: number, rows = 60): RandomHour[] {
  const random = new Seeded(seed)
  // Of few names and controllers the same pairs come again, in hours in which their pods are placed otherwise.
  const words: Words = {
    names: random.shuffled(NAMES).slice(0, 1 + random.int(NAMES.length)),
    controllers: random.shuffled(CONTROLLERS).slice(0, 1 + random.int(CONTROLLERS.length)),
  }
  return Array.from({ length: hours }, (_, at) =>
    randomHour(random, words, (FIRST + at * 3600) as Hour, rows),
  )
}

interface Words {
  readonly names: readonly string[]
  readonly controllers: readonly string[]
}

function randomHour(random: Seeded, words: Words, hour: Hour, count: number): RandomHour {
  const rows = random.list(random.int(count), () => ({
    hourStart: hour,
    source: randomEndpoint(random, words),
    destination: randomEndpoint(random, words),
    bytes: random.chance(0.05)
      ? 0
      : random.chance(0.1)
        ? Number.MAX_SAFE_INTEGER - random.int(9)
        : random.int(1e9),
    packets: random.int(1e6),
    records: 1 + random.int(100),
  }))
  return { rows, ledger: ledgerOf(rows, hour, randomWorkloads(random, words), random) }
}

function randomEndpoint(random: Seeded, { names, controllers }: Words): Endpoint {
  const zone = random.pick(ZONES)
  const none = { namespace: null, workload: null, app: null, node: null }
  const kind = random.pick(['pod', 'pod', 'pod', 'pod', 'node', 'interface', 'subnet'] as const)
  if (kind === 'node') return { ...none, kind, name: `ip-${random.int(3)}`, zone }
  if (kind === 'interface') return { ...none, kind, name: random.pick(INTERFACES), zone }
  if (kind === 'subnet') return { ...none, kind, name: `subnet-${random.int(2)}`, zone }
  const name = random.pick(names)
  const workload = random.chance(0.1) ? null : `${random.pick(controllers)}/${name}`
  return {
    kind,
    namespace: random.pick(['shop', 'data']),
    name: `${name}-${random.int(3)}`,
    workload,
    app: random.chance(0.2) ? null : name,
    node: 'ip-1',
    zone,
  }
}

function randomWorkloads(random: Seeded, { names, controllers }: Words): LedgerWorkload[] {
  return ['shop', 'data'].flatMap(namespace =>
    controllers.flatMap(controller =>
      names.flatMap(name => {
        const zones = ZONES.filter(() => random.chance(0.4)).map(zone => [zone, random.int(3)] as const)
        return zones.length === 0
          ? []
          : [{ namespace, workload: `${controller}/${name}`, zones: new Map(zones) }]
      }),
    ),
  )
}

export function ledgerOf(
  rows: readonly RollupRow[],
  hour: Hour,
  workloads: readonly LedgerWorkload[],
  random: Seeded,
): ReportLedger {
  const zones = new Map<string, ZonePair>()
  const accounts = Object.fromEntries(
    ACCOUNTS.map(account => [account, totalsOf(random.int(1000), random.int(1e9), random.int(1000))]),
  ) as Record<Account, Totals>
  accounts.sameZone = NOTHING
  accounts.crossZone = NOTHING
  for (const { source, destination, records, bytes, packets } of rows) {
    const totals = totalsOf(records, bytes, packets)
    const account = source.zone === destination.zone ? 'sameZone' : 'crossZone'
    accounts[account] = plus(accounts[account], totals)
    const key = `${source.zone} ${destination.zone}`
    const pair = { source: source.zone, destination: destination.zone }
    zones.set(key, { ...pair, ...plus(zones.get(key) ?? NOTHING, totals) })
  }
  return {
    cluster: 'demo',
    hour,
    read: Object.values(accounts).reduce(plus, NOTHING),
    accounts,
    handedOver: totalsOf(3, 3000, 3),
    cutAssignments: random.int(3),
    zones: [...zones.values()],
    workloads,
    objects: [
      { key: 'a.log.gz', size: 1, etag: 'e', records: 9, problem: null },
      ...(random.chance(0.2)
        ? [{ key: 'b<i>.log.gz', size: 1, etag: 'f', records: 0, problem: 'ends early' }]
        : []),
    ],
    emptySlots: random.chance(0.3) ? [(hour + 300 * random.int(12)) as UnixSeconds] : [],
    options: { allPairs: false, appLabels: ['app'], flowLogIds: [], settle: 20, skipBadObjects: false },
  }
}

function plus(a: Totals, b: Totals): Totals {
  return { records: a.records + b.records, bytes: a.bytes + b.bytes, packets: a.packets + b.packets }
}

function totalsOf(records: number, bytes: number, packets: number): Totals {
  return { records: BigInt(records), bytes: BigInt(bytes), packets: BigInt(packets) }
}
