// The older solution's list of pods as lines of the assignment log.
//
//   server-7d9f,10.0.1.5,server,2024-05-01T09:12:03Z,ip-10-0-1-9.us-east-2.compute.internal,us-east-2a
//   name        ip       app    creation_time        node                                   az
//
// Its Lambda writes the columns in this order and no header line; one that names them, in any order, is read too. A
// value may be quoted (RFC 4180). `<none>` is how it says that a pod has no app label, or a node no zone label.
//
// What the list doesn't say: a pod's UID (made up from the row, so that the same row is the same pod), its namespace
// (`unknown`), its end (it holds until something else says otherwise), and that the addresses of pods that came and went
// between two lists are missing. `app` becomes the pod's label of that name.
// Source: aws-samples/amazon-eks-inter-az-traffic-visibility, pod_metadata_extractor.

import { createHash } from 'node:crypto'

import type { PodLine } from '@zonetoll/assignments'
import { RunError } from '@zonetoll/command'
import { formatAddress, parseAddress, parseInstant, type UnixMillis, type ZoneId } from '@zonetoll/model'
import type { ZoneIds } from './inventory-lines.ts'

const COLUMNS = ['name', 'ip', 'app', 'creation_time', 'node', 'az'] as const
type Column = (typeof COLUMNS)[number]

const NONE = '<none>'
const NAMESPACE = 'unknown'
// use2-az1, usw2-lax1-az1: what ends so is an ID, and no zone's name does.
const ZONE_ID = /^[a-z]+\d+(?:-[a-z0-9]+)*-az\d+$/

export interface CsvOptions {
  /** The file, for messages. */
  readonly file: string
  readonly seen: UnixMillis
  readonly zones: ZoneIds
}

/** Throws RunError naming file and line for what isn't such a list. */
export async function podsOfCsv(text: string, options: CsvOptions): Promise<PodLine[]> {
  const { file } = options
  const rows = await rowsOf(text, file)
  const header = headerOf(rows[0]?.cells)
  const columns = header ?? COLUMNS
  const pods: PodLine[] = []
  for (const { cells, line } of header === null ? rows : rows.slice(1)) {
    const fail = (problem: string) =>
      new RunError(`${file}, line ${line}: ${problem}. Mend the row or take it out, then import again.`)
    if (cells.length !== columns.length) {
      throw fail(`has ${cells.length} values, expected ${columns.length}: ${columns.join(',')}`)
    }
    pods.push(podOf(name => cells[columns.indexOf(name)]!.trim(), options, fail))
  }
  if (pods.length === 0)
    throw new RunError(`${file} has no rows: expected ${COLUMNS.join(',')}, one pod a line`)
  return pods
}

function podOf(
  cell: (name: Column) => string,
  { seen, zones }: CsvOptions,
  fail: (problem: string) => Error,
): PodLine {
  const [name, ip, app, created, node, az] = COLUMNS.map(cell) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  if (name === '') throw fail('has no name')
  const address = parseAddress(ip)
  if (address === null) throw fail(`has the ip ${JSON.stringify(ip)}, expected an IP address`)
  // Python writes a space where RFC 3339 has a T.
  const from = parseInstant(created.replace(' ', 'T'))
  if (from === null) {
    throw fail(`has the creation_time ${JSON.stringify(created)}, expected a time like 2024-05-01T09:12:03Z`)
  }
  return {
    kind: 'pod',
    uid: uidOf(name, formatAddress(address), from),
    addresses: [address],
    from,
    until: Infinity as UnixMillis,
    seen,
    namespace: NAMESPACE,
    name,
    workload: null,
    labels: app === '' || app === NONE ? new Map() : new Map([['app', app]]),
    node: node === '' || node === NONE ? null : node,
    instance: null,
    zone: az === '' || az === NONE ? null : zoneOf(az, zones, fail),
    hostNetwork: false,
  }
}

function zoneOf(az: string, zones: ZoneIds, fail: (problem: string) => Error): ZoneId {
  if (ZONE_ID.test(az)) return az as ZoneId
  const id = zones.idOf(az)
  if (id !== null) return id
  throw fail(
    `has the az ${JSON.stringify(az)}, whose zone ID isn't known: say it with --zone-map ${az}=use2-az1 (aws ec2 describe-availability-zones tells it)`,
  )
}

function uidOf(name: string, address: string, from: UnixMillis): string {
  return `csv-${createHash('sha256').update(`${name}\n${address}\n${from}`).digest('hex').slice(0, 32)}`
}

function headerOf(cells: readonly string[] | undefined): Column[] | null {
  const names = cells?.map(cell => cell.trim().toLowerCase())
  if (names?.length !== COLUMNS.length || !COLUMNS.every(column => names.includes(column))) return null
  return names as Column[]
}

interface CsvRow {
  readonly cells: readonly string[]
  /** The line it begins in, from 1. */
  readonly line: number
}

async function rowsOf(text: string, file: string): Promise<CsvRow[]> {
  const { parse } = await import('csv-parse/sync')
  const rows: CsvRow[] = []
  let next = 1
  try {
    parse(text, {
      bom: true,
      relax_column_count: true,
      on_record: (cells: string[], context: { lines: number }) => {
        const empty = cells.length === 1 && cells[0]!.trim() === ''
        if (!empty) rows.push({ cells, line: next })
        next = context.lines + 1
        return null
      },
    })
  } catch (cause) {
    throw new RunError(`${file}, line ${next}: isn't CSV: ${(cause as Error).message}`, { cause })
  }
  return rows
}
