// One shard of an hour: its share of the objects, read into totals that wait beside the rollup for the merge.

import { join } from 'node:path'
import type { Run } from '@zonetoll/command'
import type { Hour, LedgerObject } from '@zonetoll/model'
import { hourPartition } from '@zonetoll/objects'
import { latenessOf } from './lateness.ts'
import { readingWarnings } from './make-hour.ts'
import { memoryLimit, withinMemory, type MemoryBound } from './memory-bound.ts'
import {
  endpointsDigest,
  ledgerOptions,
  openHour,
  readerSettings,
  timelineWarnings,
  type HourInput,
  type HourPlaces,
} from './open-hour.ts'
import type { WorkerOptions } from './options.ts'
import { partialName, writePartial } from './partial-file.ts'
import type { Progress } from './progress.ts'
import { inTemporaryFolder } from './publish.ts'
import { readObjects } from './read-objects.ts'
import type { Shard } from './shard.ts'
import { listingDigest, shareOf } from './share-objects.ts'

export interface MadeShard {
  readonly hour: Hour
  readonly cluster: string
  readonly shard: Shard
  /** Where the partial is: a URI or path. */
  readonly partial: string
  readonly objects: readonly LedgerObject[]
  /** Objects of the whole hour. */
  readonly objectsOfHour: number
  readonly records: bigint
  readonly warnings: readonly string[]
}

/** Throws as makeHour; then no partial of this run stands, and one that stood stands unchanged. */
export async function makeShard(
  places: HourPlaces,
  hour: Hour,
  shard: Shard,
  options: WorkerOptions,
  run: Run,
  progress: Progress,
  listed?: HourInput,
): Promise<MadeShard> {
  return await withinMemory(memoryLimit(options), run, async (within, bound) =>
    makeWithin(places, hour, shard, options, within, bound, progress, listed),
  )
}

async function makeWithin(
  places: HourPlaces,
  hour: Hour,
  shard: Shard,
  options: WorkerOptions,
  run: Run,
  bound: MemoryBound,
  progress: Progress,
  listed: HourInput | undefined,
): Promise<MadeShard> {
  const { signal } = run
  const { cluster, rollups } = places
  const open = await openHour(places, hour, options, signal, bound, listed)
  const { timeline, assignments, attribution, flowLogs, logs } = open
  const listing = logs.objects.map(({ object, store }) => ({ ...object, uri: store.describe(object.key) }))
  const share = shareOf(
    listing.map(({ size }) => size),
    shard,
  )
  const objects = share.map(at => logs.objects[at]!)

  progress.begin(hour, objects)
  const { totals, ledgerObjects, interfaceAddresses } = await readObjects(
    objects,
    readerSettings(open, options),
    attribution,
    { ...options, signal, progress, bound },
  ).finally(() => progress.end())

  const partial = rollups.prefix + hourPartition(cluster, hour) + partialName(shard)
  await inTemporaryFolder(async folder => {
    const file = join(folder, 'partial')
    const header = {
      cluster,
      hour,
      shard,
      options: ledgerOptions(options),
      listing: { objects: listing.length, sha256: listingDigest(listing) },
      flowLogs,
      emptySlots: logs.emptySlots,
      assignments,
      endpointsSha256: endpointsDigest(timeline.endpoints),
      objects: share.map((at, n) => ({ ...ledgerObjects[n]!, at, uri: listing[at]!.uri })),
      interfaceAddresses,
      lateness: latenessOf(objects, hour, options.settle),
    }
    await writePartial(file, header, totals.columns)
    signal.throwIfAborted()
    await rollups.store.write(partial, { file }, { signal })
  })
  return {
    hour,
    cluster,
    shard,
    partial: rollups.store.describe(partial),
    objects: ledgerObjects,
    objectsOfHour: listing.length,
    records: ledgerObjects.reduce((sum, { records }) => sum + BigInt(records), 0n),
    warnings: [
      ...readingWarnings(
        interfaceAddresses,
        ledgerObjects,
        share.map(at => listing[at]!.uri),
      ),
      ...timelineWarnings(timeline, hour),
    ],
  }
}
