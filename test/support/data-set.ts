/**
 * Data sets by hand, a few objects each: flow-log objects under the keys that AWS gives them, and an assignment log.
 *
 *   logs/AWSLogs/…/123456789012_vpcflowlogs_us-east-2_fl-0aaa_20240501T1005Z_1.log.gz
 *   assignments/cluster=shop/dt=2024-05-01/hour=10/all.ndjson.gz
 *
 * A data set is its files: paths below some root to bytes. It is written to a folder, or put into a bucket.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** 2024-05-01T10:00:00Z, the hour of all data sets here. */
export const HOUR = Date.UTC(2024, 4, 1, 10) / 1000
export const HOUR_TEXT = '2024-05-01T10'
export const CLUSTER = 'shop'
export const SLOT = 300
export const FLOW_LOG = 'fl-0aaa'

/** Where an hour's rollup lies below the rollups, with the '/' at its end. */
export const PARTITION = `cluster=${CLUSTER}/dt=2024-05-01/hour=10/`

export type Files = ReadonlyMap<string, Uint8Array | string>

export const LAYOUTS = ['plain', 'hourly', 'hive', 'hiveHourly'] as const
export type Layout = (typeof LAYOUTS)[number]

export interface ObjectName {
  readonly slot?: number
  readonly layout?: Layout
  readonly flowLog?: string
  readonly account?: string
  readonly hash?: string
  readonly ending?: string
}

/** The key of a flow-log object, from AWSLogs/ on. Source: VPC User Guide, Flow log files. */
export function objectKey(name: ObjectName = {}): string {
  const { slot = HOUR, layout = 'plain', flowLog = FLOW_LOG, account = '123456789012' } = name
  const { hash = '1', ending = '.log.gz' } = name
  const iso = new Date(slot * 1000).toISOString()
  const [year, month, day, hour, minute] = iso.split(/[-T:]/)
  const plain = `AWSLogs/${account}/vpcflowlogs/us-east-2/${year}/${month}/${day}/`
  const hive = `AWSLogs/aws-account-id=${account}/aws-service=vpcflowlogs/aws-region=us-east-2/year=${year}/month=${month}/day=${day}/`
  const folder = { plain, hourly: `${plain}${hour}/`, hive, hiveHourly: `${hive}hour=${hour}/` }[layout]
  const stamp = `${year}${month}${day}T${hour}${minute}Z`
  return `${folder}${account}_vpcflowlogs_us-east-2_${flowLog}_${stamp}_${hash}${ending}`
}

export const HEADER =
  'version interface-id instance-id az-id pkt-srcaddr pkt-dstaddr flow-direction packets bytes start end action log-status'

export interface Sent {
  readonly from?: string
  readonly to?: string
  readonly bytes?: number | string
  readonly packets?: number | string
  /** Seconds from the hour's begin; the record ends 30 seconds later. */
  readonly start?: number
  readonly direction?: string
  readonly action?: string
  readonly status?: string
  readonly interface?: string
  readonly instance?: string
  readonly zone?: string
}

/** One line of the format HEADER. */
export function record(sent: Sent = {}): string {
  const start = HOUR + (sent.start ?? 60)
  return [
    5,
    sent.interface ?? 'eni-1',
    sent.instance ?? '-',
    sent.zone ?? '-',
    sent.from ?? CLIENT,
    sent.to ?? SERVER,
    sent.direction ?? 'egress',
    sent.packets ?? 2,
    sent.bytes ?? 100,
    start,
    start + 30,
    sent.action ?? 'ACCEPT',
    sent.status ?? 'OK',
  ].join(' ')
}

/** An object's gzip bytes: the header line, then the lines. */
export function objectOf(lines: readonly string[], header = HEADER): Uint8Array {
  return gzipSync([header, ...lines, ''].join('\n'))
}

export const CLIENT = '10.0.0.1'
export const NEAR = '10.0.0.2'
export const SERVER = '10.0.64.1'
export const DATABASE = '10.0.128.7'
export const NODE = '10.0.0.9'

interface Held {
  readonly from?: string
  readonly until?: string | null
  readonly [member: string]: unknown
}

/** A line of the assignment log, of something that held its addresses all day unless told otherwise. */
export function held(kind: string, name: string, address: string, zone: string, more: Held = {}): string {
  return JSON.stringify({
    kind,
    uid: `uid-${name}`,
    name,
    addresses: [address],
    zone,
    from: '2024-05-01T00:00:00Z',
    until: null,
    seen: '2024-05-01T23:59:00Z',
    ...more,
  })
}

export function pod(name: string, address: string, zone: string, more: Held = {}): string {
  const app = name.replace(/-\d+$/, '')
  return held('pod', name, address, zone, {
    namespace: 'shop',
    workload: `Deployment/${app}`,
    labels: { app },
    node: `node-${zone}`,
    ...more,
  })
}

export function subnet(uid: string, cidr: string, zone: string): string {
  return JSON.stringify({ kind: 'subnet', uid, cidr, zone, seen: '2024-05-01T23:59:00Z' })
}

/** Three zones: a client and two servers, a node, a database, and a subnet that holds no one. */
export const ASSIGNMENTS: readonly string[] = [
  pod('client-1', CLIENT, 'use2-az1'),
  pod('server-1', NEAR, 'use2-az1'),
  pod('server-2', SERVER, 'use2-az2'),
  held('node', 'node-use2-az1', NODE, 'use2-az1'),
  held('interface', 'orders-db', DATABASE, 'use2-az3', { service: 'rds' }),
  subnet('subnet-spare', '10.0.192.0/18', 'use2-az3'),
]

/** Under assignments/, the hour's partition of the cluster's log. */
export function assignmentFiles(
  lines: readonly string[] = ASSIGNMENTS,
  { cluster = CLUSTER, hour = HOUR }: { readonly cluster?: string; readonly hour?: number } = {},
): Files {
  const iso = new Date(hour * 1000).toISOString()
  const key = `assignments/cluster=${cluster}/dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/all.ndjson.gz`
  return new Map([[key, gzipSync(`${lines.join('\n')}\n`)]])
}

/** Lines that reach most accounts; 300 bytes of them cross zones between pods, 40 to the database. */
export const SMALL_LINES: readonly string[] = [
  record({ bytes: 100 }),
  record({ bytes: 200, start: 1800 }),
  record({ bytes: 40, to: DATABASE }),
  record({ bytes: 5000, to: NEAR }),
  record({ bytes: 7, from: SERVER, to: CLIENT, direction: 'ingress' }),
  record({ bytes: 8, action: 'REJECT' }),
  record({ bytes: 60, from: '10.1.0.1' }),
  record({ bytes: 600, to: '8.8.8.8' }),
  record({ bytes: 20, to: '10.1.0.2' }),
  record({ bytes: 9, start: 3600 }),
  'not a record',
]

/** One object and the assignment log. */
export function smallHour(): Map<string, Uint8Array | string> {
  return joined(assignmentFiles(), logFiles([[{ slot: HOUR }, SMALL_LINES]]))
}

/** Under logs/, an object for each name with its lines. */
export function logFiles(objects: readonly (readonly [ObjectName, readonly string[]])[]): Files {
  return new Map(objects.map(([name, lines]) => [`logs/${objectKey(name)}`, objectOf(lines)]))
}

export function joined(...parts: readonly Files[]): Map<string, Uint8Array | string> {
  const files = new Map<string, Uint8Array | string>()
  for (const part of parts) for (const [path, content] of part) files.set(path, content)
  return files
}

/** Writes the files below a folder, in the order given. */
export async function writeFiles(root: string, files: Files): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}
