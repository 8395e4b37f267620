// The partials of an hour's shards joined to its rollup: the same bytes as one run over all objects writes.
//
//   names -> all N there? -> headers -> of one listing? -> columns, one partial at a time -> totals -> rollup, ledger
//
// Whatever could make the bytes others is an error that names the partial: one that is missing, there twice, of another
// listing or other options than the rest, damaged, or older than the rollup that stands.

import { RunError, type Run } from '@zonetoll/command'
import { formatCount, formatHour, type Hour } from '@zonetoll/model'
import { hourPartition, StoreError, type Location, type ObjectStore } from '@zonetoll/objects'
import { HourTotals } from '@zonetoll/rollup'
import {
  allOf,
  findPartials,
  removeAll,
  withColumns,
  withHeader,
  type FoundPartial,
  type HeadedPartial,
} from './hour-partials.ts'
import { loadTimeline } from './load-timeline.ts'
import { finishHour, type MadeHour } from './make-hour.ts'
import { withinMemory, type MemoryBound } from './memory-bound.ts'
import { attributionOf, endpointsDigest } from './open-hour.ts'
import { agreedObjects, checkNotOvertaken, hasAll, type StandingLedger } from './partial-agreement.ts'
import { checkPartialBooks } from './partial-books.ts'
import type { PartialHeader } from './partial-header.ts'
import { LEDGER_NAME } from './publish.ts'
import { readLedger } from './standing-hour.ts'

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
  const standing = await standingLedger(store, `${folder}${LEDGER_NAME}`, run.signal)
  if (found.length === 0) {
    if (standing !== null) return { made: null, shards: 0, left: [] }
    throw new RunError(
      `no partials of ${formatHour(hour)} in ${store.describe(folder)}: run its shards first ` +
        `(pnpm start --hour ${formatHour(hour)} --shard 0/N, 1/N, …), and give --rollups and --cluster as they had them`,
    )
  }
  if (standing !== null && (await areMerged(store, found, standing, run.signal))) {
    return { made: null, shards: 0, left: await removeAll(store, found) }
  }
  const partials = allOf(found, shards, hour, store.describe(folder))
  const headed: HeadedPartial[] = []
  for (const partial of partials) headed.push(await withHeader(store, partial, run.signal))
  const objects = agreedObjects(headed, cluster, hour)
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
    await withColumns(store, partial, run.signal, columns => {
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

// Null where there is none that can be read.
async function standingLedger(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<StandingLedger | null> {
  const object = await store.head(key)
  const ledger = object === null ? null : await readLedger(store, object, signal)
  return ledger === null ? null : { ledger, modified: object!.modified }
}

// Whether these are what a merge left that was killed while it removed partials: some of one count, older than the
// ledger, which has all their objects.
async function areMerged(
  store: ObjectStore,
  found: readonly FoundPartial[],
  standing: StandingLedger,
  signal: AbortSignal,
): Promise<boolean> {
  const { count } = found[0]!.shard
  const isRest = found.length < count && found.every(({ shard }) => shard.count === count)
  if (!isRest || found.some(({ object }) => object.modified >= standing.modified)) return false
  for (const partial of found) {
    const { header } = await withHeader(store, partial, signal)
    if (!hasAll(standing, header.objects)) return false
  }
  return true
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
