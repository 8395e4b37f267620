// The partials of an hour's shards joined to its rollup: the same bytes as one run over all objects writes.
//
//   names -> all N there? -> headers -> of one listing? -> columns, one partial at a time -> totals -> rollup, ledger
//
// Whatever could make the bytes others is an error that names the partial: one that is missing, there twice, of another
// listing or other options than the rest, damaged, or older than the rollup that stands.

import { RunError, type Run } from '@zonetoll/command'
import {
  canonicalJson,
  formatCount,
  formatHour,
  parseLedger,
  LedgerError,
  type Hour,
  type Json,
  type Ledger,
} from '@zonetoll/model'
import {
  hourPartition,
  StoreError,
  type Location,
  type ObjectStore,
  type StoredObject,
} from '@zonetoll/objects'
import { HourTotals } from '@zonetoll/rollup'
import { loadTimeline } from './load-timeline.ts'
import { finishHour, type MadeHour } from './make-hour.ts'
import { attributionOf, endpointsDigest } from './open-hour.ts'
import { checkPartialBooks } from './partial-books.ts'
import { PartialError } from './partial-error.ts'
import { headLength, partialName, readColumns, readHeader, shardOfName, START_BYTES } from './partial-file.ts'
import { COMMON, type PartialHeader, type PartialObject } from './partial-header.ts'
import { withinMemory, type MemoryBound } from './memory-bound.ts'
import { MOST_LEDGER_BYTES } from './ledger-text.ts'
import { LEDGER_NAME } from './publish.ts'
import { objectsIn } from './standing-hour.ts'
import { formatShard, type Shard } from './shard.ts'
import { listingDigest } from './share-objects.ts'

export interface MergePlaces {
  readonly assignments: Location
  readonly rollups: Location
  readonly cluster: string
}

export interface MergeHourOptions {
  /** Null: as many as the partials say. */
  readonly shards: number | null
  /** Whether the hour's page is drawn, too. */
  readonly report: boolean
  /** Bytes. */
  readonly maxMemory: number
}

/** An hour that was merged; null where there is nothing to merge and the hour stands complete. */
export interface MergedHour {
  readonly made: MadeHour | null
  readonly shards: number
  /** Partials that could not be removed, with why. */
  readonly left: readonly string[]
}

interface Partial {
  readonly object: StoredObject
  readonly uri: string
  readonly shard: Shard
}

interface HeadedPartial extends Partial {
  readonly header: PartialHeader
}

/** `shards`: how many there must be, null for as many as the partials say. Throws RunError. */
export async function mergeHour(
  places: MergePlaces,
  hour: Hour,
  options: MergeHourOptions,
  run: Run,
): Promise<MergedHour> {
  return await withinMemory({ bytes: options.maxMemory, remedy: '' }, run, async (within, bound) =>
    mergeWithin(places, hour, options, within, bound),
  )
}

async function mergeWithin(
  places: MergePlaces,
  hour: Hour,
  { shards, report }: MergeHourOptions,
  run: Run,
  bound: MemoryBound,
): Promise<MergedHour> {
  const { cluster, rollups } = places
  const { store } = rollups
  const folder = rollups.prefix + hourPartition(cluster, hour)
  const found = await findPartials(store, folder, run.signal)
  const standing = await readStanding(store, `${folder}${LEDGER_NAME}`, run.signal)
  if (found.length === 0) {
    if (standing !== null) return { made: null, shards: 0, left: [] }
    throw new RunError(
      `no partials of ${formatHour(hour)} in ${store.describe(folder)}: run its shards first ` +
        `(pnpm start --hour ${formatHour(hour)} --shard 0/N, 1/N, …), and give --rollups and --cluster as they had them`,
    )
  }
  const partials = allOf(found, shards, hour, store.describe(folder))
  const headed: HeadedPartial[] = []
  for (const partial of partials) {
    const header = await naming(partial, () => headerOf(store, partial, run.signal))
    checkIdentity(partial, header, cluster, hour)
    headed.push({ ...partial, header })
  }
  checkCommon(headed)
  const objects = allObjects(headed)
  if (standing !== null) checkNotOvertaken(headed, objects, standing, store.describe(folder))

  const { header } = headed[0]!
  const { timeline } = await loadAsShards(places, header, run.signal, bound)
  const attribution = attributionOf(timeline, hour, header.flowLogs)
  if (endpointsDigest(timeline.endpoints) !== header.endpointsSha256) {
    throw new RunError(
      `the partials in ${store.describe(folder)} were written by another version of Zonetoll: ` +
        `run the shards again with this one`,
    )
  }
  const totals = new HourTotals(hour, attribution, { ...header.options, room: bound.room })
  const held = () => `${formatCount(totals.pairs.size)} distinct pairs`
  bound.holding = held
  const ids = {
    zoneOf: attribution.zoneOf,
    zones: 1 + attribution.zoneOf.reduce((greatest, zone) => Math.max(greatest, zone), -1),
    flowLogs: header.flowLogs.length,
    allPairs: header.options.allPairs,
  }
  for (const partial of headed) {
    bound.ask(partial.object.size, held)
    await naming(partial, async () => {
      const { header: again, columns } = readColumns(await bytesOf(store, partial.object, run.signal))
      if (textOf(again) !== textOf(partial.header)) throw new PartialError('changed while it was read')
      checkPartialBooks(columns, ids)
      totals.mergeColumns(columns)
    })
  }

  const { lateness, ...sources } = headed.map(each => each.header).reduce(joined)
  const made = await finishHour(
    rollups,
    { timeline, attribution, totals },
    {
      ...sources,
      lateness,
      objects: objects.map(({ key, size, etag, records, problem }) => ({
        key,
        size,
        etag,
        records,
        problem,
      })),
      uris: objects.map(({ uri }) => uri),
    },
    report,
    run,
  )
  return { made, shards: partials.length, left: await removeAll(store, found) }
}

async function findPartials(store: ObjectStore, folder: string, signal: AbortSignal): Promise<Partial[]> {
  const partials: Partial[] = []
  for (const object of await objectsIn(store, folder, signal)) {
    const name = object.key.slice(folder.length)
    if (!name.startsWith('_partial-')) continue
    const uri = store.describe(object.key)
    const shard = shardOfName(name)
    if (shard === null) {
      throw new RunError(
        `${uri} has a name that no shard gives its partial: remove or rename it, then merge again`,
      )
    }
    partials.push({ object, uri, shard })
  }
  return partials.sort((a, b) => a.shard.count - b.shard.count || a.shard.index - b.shard.index)
}

// Those of one count, in order; throws RunError unless each is there.
function allOf(found: readonly Partial[], shards: number | null, hour: Hour, folder: string): Partial[] {
  const counts = [...new Set(found.map(({ shard }) => shard.count))]
  if (shards === null && counts.length > 1) {
    const example = counts.map(count => found.find(({ shard }) => shard.count === count)!.uri)
    throw new RunError(
      `there are partials of ${counts.join(' and of ')} shards: ${example.join(' and ')}. ` +
        `Say with --shards which are meant (the others are removed), or remove the stale ones`,
    )
  }
  const count = shards ?? counts[0]!
  const partials = found.filter(({ shard }) => shard.count === count)
  const there = new Set(partials.map(({ shard }) => shard.index))
  const missing = Array.from({ length: count }, (_, index) => index).filter(index => !there.has(index))
  if (missing.length > 0) {
    const names = missing.slice(0, 5).map(index => partialName({ index, count }))
    const more = missing.length > names.length ? ` and ${missing.length - names.length} more` : ''
    const first = formatShard({ index: missing[0]!, count })
    throw new RunError(
      `${missing.length} of ${count} partials of ${formatHour(hour)} ${missing.length === 1 ? 'is' : 'are'} missing in ${folder}: ` +
        `${names.join(', ')}${more}. Run what is missing, as pnpm start --hour ${formatHour(hour)} --shard ${first}, then merge again`,
    )
  }
  return partials
}

function checkIdentity({ uri, shard }: Partial, header: PartialHeader, cluster: string, hour: Hour): void {
  if (header.cluster !== cluster || header.hour !== hour) {
    throw new RunError(
      `${uri} is of the cluster ${header.cluster}, hour ${formatHour(header.hour)}, not of ${cluster}, ${formatHour(hour)}: ` +
        `remove it, and run its shard again`,
    )
  }
  if (header.shard.index !== shard.index || header.shard.count !== shard.count) {
    throw new RunError(
      `${uri} is the partial of shard ${formatShard(header.shard)} by its content, so that one is there twice: ` +
        `remove it, and run shard ${formatShard(shard)} again`,
    )
  }
}

// The newest partials say what the others must be of: a stale one is of what was there before.
function checkCommon(partials: readonly HeadedPartial[]): void {
  const newest = partials.reduce((a, b) => (b.object.modified > a.object.modified ? b : a))
  for (const [member, what] of COMMON) {
    const expected = textOf(newest.header[member])
    const stale = partials.filter(({ header }) => textOf(header[member]) !== expected)
    if (stale.length === 0) continue
    const [first] = stale
    const others = stale.length === 1 ? '' : ` (and ${stale.length - 1} more partials)`
    throw new RunError(
      `${first!.uri}${others} is stale: it is of other ${what} than the newest, ${newest.uri}. ` +
        `Run shard ${formatShard(first!.shard)} again, as pnpm start --hour ${formatHour(first!.header.hour)} ` +
        `--shard ${formatShard(first!.shard)} with the options of the others, then merge again`,
    )
  }
}

// All objects of the listing by place, each from one partial.
function allObjects(partials: readonly HeadedPartial[]): PartialObject[] {
  const { listing } = partials[0]!.header
  const objects: PartialObject[] = []
  const readBy: HeadedPartial[] = []
  for (const partial of partials) {
    for (const object of partial.header.objects) {
      const { at } = object
      if (at >= listing.objects) throw damaged(partial, `it names an object ${at} of ${listing.objects}`)
      if (readBy[at] !== undefined) {
        throw damaged(partial, `${object.uri} is in ${readBy[at].uri} too: its bytes would count twice`)
      }
      objects[at] = object
      readBy[at] = partial
    }
  }
  const count = Object.keys(objects).length
  if (count !== listing.objects) {
    throw new RunError(
      `the partials have ${count} of the hour's ${listing.objects} objects, the first of them ${partials[0]!.uri}: ` +
        `remove them, and run the shards again`,
    )
  }
  if (listingDigest(objects) !== listing.sha256) {
    throw new RunError(
      `the partials' objects are not those of the listing they name, the first of them ${partials[0]!.uri}: ` +
        `remove them, and run the shards again`,
    )
  }
  return objects
}

// Partials that lay about while the hour was made from more would take objects out of it again.
function checkNotOvertaken(
  partials: readonly HeadedPartial[],
  objects: readonly PartialObject[],
  { ledger, modified }: { readonly ledger: Ledger; readonly modified: number },
  folder: string,
): void {
  if (partials.some(({ object }) => object.modified > modified)) return
  const ours = new Set(objects.map(({ key, size, etag }) => textOf([key, size, etag])))
  const shared = ledger.objects.filter(({ key, size, etag }) => ours.has(textOf([key, size, etag]))).length
  if (shared < ours.size || ledger.objects.length <= ours.size) return
  throw new RunError(
    `${partials[0]!.uri} and the other partials are stale: the hour was made since, from ${ledger.objects.length} objects ` +
      `where they have ${ours.size}. Remove the partials in ${folder}, or run the shards again`,
  )
}

function damaged({ uri, shard }: Partial, problem: string): RunError {
  return new RunError(
    `${uri} is damaged: ${problem}. Run shard ${formatShard(shard)} again, then merge again`,
  )
}

// What the work throws of a partial, with its name.
async function naming<T>({ uri, shard }: Partial, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof PartialError)) throw cause
    throw new RunError(`${uri} ${cause.message}. Run shard ${formatShard(shard)} again, then merge again`, {
      cause,
    })
  }
}

async function headerOf(
  store: ObjectStore,
  { object }: Partial,
  signal: AbortSignal,
): Promise<PartialHeader> {
  const chunks: Uint8Array[] = []
  let [reached, needed] = [0, START_BYTES]
  for await (const chunk of store.read(object, { signal })) {
    chunks.push(Uint8Array.from(chunk))
    reached += chunk.length
    if (reached >= START_BYTES && needed === START_BYTES) {
      needed = headLength(Buffer.concat(chunks), object.size)
    }
    if (reached >= needed) break
  }
  return readHeader(Buffer.concat(chunks), object.size)
}

async function bytesOf(store: ObjectStore, object: StoredObject, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(object.size)
  let reached = 0
  for await (const chunk of store.read(object, { signal })) {
    bytes.set(chunk, reached)
    reached += chunk.length
  }
  return bytes
}

/** The ledger that stands, null where there is none that can be read. */
async function readStanding(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<{ readonly ledger: Ledger; readonly modified: number } | null> {
  const object = await store.head(key)
  if (object === null || object.size > MOST_LEDGER_BYTES) return null
  try {
    const text = new TextDecoder().decode(await bytesOf(store, object, signal))
    return { ledger: parseLedger(text), modified: object.modified }
  } catch (error) {
    if (error instanceof LedgerError) return null
    throw error
  }
}

// The very assignments that the shards read, whatever the recorder has written since.
async function loadAsShards(
  { assignments, cluster }: MergePlaces,
  header: PartialHeader,
  signal: AbortSignal,
  bound: MemoryBound,
) {
  try {
    return await loadTimeline(assignments, cluster, header.hour, {
      appLabels: header.options.appLabels,
      signal,
      bound,
      listed: header.assignments.map(object => ({ ...object, modified: 0 })),
    })
  } catch (cause) {
    if (!(cause instanceof StoreError) || (cause.reason !== 'changed' && cause.reason !== 'missingObject'))
      throw cause
    throw new RunError(
      `the assignments that the shards read are others now: ${cause.message}. ` +
        `Give --assignments as the shards had it, or run the shards again`,
      { cause },
    )
  }
}

function joined(a: PartialHeader, b: PartialHeader): PartialHeader {
  return {
    ...a,
    interfaceAddresses: a.interfaceAddresses || b.interfaceAddresses,
    lateness: {
      greatest: Math.max(a.lateness.greatest, b.lateness.greatest),
      lateObjects: a.lateness.lateObjects + b.lateness.lateObjects,
    },
  }
}

// The rollup stands: a partial that can't be removed is no failure.
async function removeAll(store: ObjectStore, partials: readonly Partial[]): Promise<string[]> {
  const left: string[] = []
  for (const { object, uri } of partials) {
    try {
      await store.delete(object.key)
    } catch (error) {
      left.push(`${uri} could not be removed (${error instanceof Error ? error.message : String(error)})`)
    }
  }
  return left
}

// One text for one value, whatever the order of its members; bigints and maps as what they say.
function textOf(value: unknown): string {
  const json = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'bigint') return member.toString()
    return member instanceof Map ? [...member] : member
  })
  return canonicalJson(JSON.parse(json) as Json)
}
