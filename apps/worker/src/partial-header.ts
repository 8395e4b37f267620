// The header of a partial: what its totals are of. One JSON object, checked member by member when it is read: the
// file may be damaged, of another version, or not ours.

import {
  canonicalJson,
  parseHour,
  formatSeconds,
  type Hour,
  type Json,
  type LedgerAssignments,
  type LedgerObject,
  type LedgerOptions,
  type UnixSeconds,
} from '@zonetoll/model'
import type { HourColumns } from '@zonetoll/rollup'
import { PartialError } from './partial-error.ts'
import type { ListedObject } from './share-objects.ts'
import type { Shard } from './shard.ts'

/** By place in a table's sums: what has to be added to what stands there. */
export type WideSums = ReadonlyMap<number, bigint>

/** An object that the shard read. */
export interface PartialObject extends ListedObject, LedgerObject {
  /** Its place in the hour's listing. */
  readonly at: number
}

export interface PartialHeader {
  readonly cluster: string
  readonly hour: Hour
  readonly shard: Shard
  readonly options: LedgerOptions
  /** Of all the hour's objects: how many, and the digest of their listing. */
  readonly listing: { readonly objects: number; readonly sha256: string }
  readonly flowLogs: readonly string[]
  readonly emptySlots: readonly UnixSeconds[]
  readonly assignments: readonly LedgerAssignments[]
  /** Digest of who the totals' ids stand for. */
  readonly endpointsSha256: string
  /** The shard's own objects, by place. */
  readonly objects: readonly PartialObject[]
  readonly interfaceAddresses: boolean
  readonly lateness: { readonly greatest: number; readonly lateObjects: number }
  readonly rows: { readonly pairs: number; readonly zonePairs: number }
  readonly wide: { readonly accounts: WideSums; readonly pairs: WideSums; readonly zonePairs: WideSums }
  readonly overlap: HourColumns['overlap']
}

/** What shards of one hour must have in common to belong together: the header's members, and how a message names them. */
export const COMMON = [
  ['listing', "the hour's objects"],
  ['assignments', "the hour's assignments"],
  ['options', 'options'],
  ['flowLogs', 'flow logs'],
  ['emptySlots', "the hour's empty slots"],
  ['endpointsSha256', 'endpoints, by another version of Zonetoll'],
] as const satisfies readonly (readonly [keyof PartialHeader, string])[]

export function formatHeader(header: PartialHeader): Uint8Array {
  const json = {
    ...header,
    version: 1,
    hour: formatSeconds(header.hour),
    shard: { ...header.shard },
    options: { ...header.options },
    listing: { ...header.listing },
    assignments: header.assignments.map(object => ({ ...object })),
    objects: header.objects.map(object => ({ ...object })),
    lateness: { ...header.lateness },
    rows: { ...header.rows },
    wide: {
      accounts: wideJson(header.wide.accounts),
      pairs: wideJson(header.wide.pairs),
      zonePairs: wideJson(header.wide.zonePairs),
    },
    overlap: header.overlap.map(entry => [...entry]),
  }
  return new TextEncoder().encode(canonicalJson(json))
}

function wideJson(sums: WideSums): Json {
  return [...sums].map(([at, value]) => [at, value.toString()])
}

/** Throws PartialError naming the member that isn't as it should be. */
export function parseHeader(bytes: Uint8Array): PartialHeader {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new PartialError('is damaged: its header is no JSON', { cause })
  }
  const header = objectAt(json, 'header')
  const at = (name: string) => header[name]
  if (at('version') !== 1) throw new PartialError(`is of version ${shown(at('version'))}, expected 1`)
  const listing = objectAt(at('listing'), 'listing')
  const shard = objectAt(at('shard'), 'shard')
  const options = objectAt(at('options'), 'options')
  const lateness = objectAt(at('lateness'), 'lateness')
  const rows = objectAt(at('rows'), 'rows')
  const wide = objectAt(at('wide'), 'wide')
  const hour = parseHour(textAt(at('hour'), 'hour'))
  if (hour === null) throw refusal('hour', "an hour's begin", at('hour'))
  return {
    cluster: textAt(at('cluster'), 'cluster'),
    hour,
    shard: {
      index: countAt(shard['index'], 'shard.index'),
      count: countAt(shard['count'], 'shard.count'),
    },
    options: {
      allPairs: flagAt(options['allPairs'], 'options.allPairs'),
      appLabels: listAt(options['appLabels'], 'options.appLabels', textAt),
      flowLogIds: listAt(options['flowLogIds'], 'options.flowLogIds', textAt),
      settle: countAt(options['settle'], 'options.settle'),
      skipBadObjects: flagAt(options['skipBadObjects'], 'options.skipBadObjects'),
    },
    listing: {
      objects: countAt(listing['objects'], 'listing.objects'),
      sha256: digestAt(listing['sha256'], 'listing.sha256'),
    },
    flowLogs: listAt(at('flowLogs'), 'flowLogs', textAt),
    emptySlots: listAt(at('emptySlots'), 'emptySlots', countAt) as UnixSeconds[],
    assignments: listAt(at('assignments'), 'assignments', assignmentsAt),
    endpointsSha256: digestAt(at('endpointsSha256'), 'endpointsSha256'),
    objects: listAt(at('objects'), 'objects', partialObjectAt),
    interfaceAddresses: flagAt(at('interfaceAddresses'), 'interfaceAddresses'),
    lateness: {
      greatest: countAt(lateness['greatest'], 'lateness.greatest'),
      lateObjects: countAt(lateness['lateObjects'], 'lateness.lateObjects'),
    },
    rows: {
      pairs: countAt(rows['pairs'], 'rows.pairs'),
      zonePairs: countAt(rows['zonePairs'], 'rows.zonePairs'),
    },
    wide: {
      accounts: wideAt(wide['accounts'], 'wide.accounts'),
      pairs: wideAt(wide['pairs'], 'wide.pairs'),
      zonePairs: wideAt(wide['zonePairs'], 'wide.zonePairs'),
    },
    overlap: listAt(at('overlap'), 'overlap', overlapAt),
  }
}

/** Whether two values of headers say the same, whatever the order of their members. */
export function sameText(a: unknown, b: unknown): boolean {
  return comparable(a) === comparable(b)
}

// One text for one value, whatever the order of its members; bigints and maps as what they say.
function comparable(value: unknown): string {
  const json = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'bigint') return member.toString()
    return member instanceof Map ? [...member] : member
  })
  return canonicalJson(JSON.parse(json) as Json)
}

function assignmentsAt(value: unknown, path: string): LedgerAssignments {
  const object = objectAt(value, path)
  return {
    key: textAt(object['key'], `${path}.key`),
    size: countAt(object['size'], `${path}.size`),
    etag: textAt(object['etag'], `${path}.etag`),
  }
}

function partialObjectAt(value: unknown, path: string): PartialObject {
  const object = objectAt(value, path)
  return {
    ...assignmentsAt(value, path),
    at: countAt(object['at'], `${path}.at`),
    uri: textAt(object['uri'], `${path}.uri`),
    records: countAt(object['records'], `${path}.records`),
    problem: object['problem'] === null ? null : textAt(object['problem'], `${path}.problem`),
  }
}

function overlapAt(value: unknown, path: string): HourColumns['overlap'][number] {
  const entry = listAt(value, path, (member, at) =>
    typeof member === 'string' ? member : countAt(member, at),
  )
  const [name, first, last] = entry
  if (entry.length !== 3 || typeof name !== 'string' || typeof first !== 'number' || typeof last !== 'number')
    throw refusal(path, 'a name and two numbers', value)
  return [name, first, last]
}

function wideAt(value: unknown, path: string): WideSums {
  const entries = listAt(value, path, (entry, entryPath) => {
    const pair = listAt(entry, entryPath, member => member)
    const [at, sum] = pair
    // Above what a double holds, and below any sum of fewer than 2^63 records of 2^63 - 1.
    if (pair.length !== 2 || typeof sum !== 'string' || !/^[1-9]\d{15,37}$/.test(sum))
      throw refusal(entryPath, 'a place and a sum above 2^53', entry)
    return [countAt(at, entryPath), BigInt(sum)] as const
  })
  return new Map(entries)
}

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal(path, 'an object', value)
  return value as Readonly<Record<string, unknown>>
}

function listAt<T>(value: unknown, path: string, read: (item: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) throw refusal(path, 'a list', value)
  return value.map((item: unknown, at) => read(item, `${path}[${at}]`))
}

function textAt(value: unknown, path: string): string {
  if (typeof value !== 'string') throw refusal(path, 'a text', value)
  return value
}

function digestAt(value: unknown, path: string): string {
  const text = textAt(value, path)
  if (!/^[0-9a-f]{64}$/.test(text)) throw refusal(path, '64 hexadecimal digits', value)
  return text
}

function flagAt(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw refusal(path, 'true or false', value)
  return value
}

function countAt(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw refusal(path, 'a whole number from 0', value)
  return value
}

function refusal(path: string, expected: string, value: unknown): PartialError {
  return new PartialError(`is damaged: its ${path} is ${shown(value)}, expected ${expected}`)
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  try {
    return JSON.stringify(value).slice(0, 80)
  } catch {
    // JSON.parse takes what is nested deeper than JSON.stringify can go.
    return 'too deep to show'
  }
}
