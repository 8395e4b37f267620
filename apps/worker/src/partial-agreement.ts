// Whether partials belong together: of one hour, one listing and one set of options, each object in one of them.

import { RunError } from '@zonetoll/command'
import { formatHour, type Hour, type Ledger, type LedgerObject } from '@zonetoll/model'
import type { HeadedPartial } from './hour-partials.ts'
import { COMMON, sameText, type PartialObject } from './partial-header.ts'
import { formatShard } from './shard.ts'
import { listingDigest } from './share-objects.ts'

/** The ledger that stands, and when it was written. */
export interface StandingLedger {
  readonly ledger: Ledger
  /** Milliseconds. */
  readonly modified: number
}

/** All objects of the listing by place, each from one partial. Throws RunError naming the partial that doesn't belong. */
export function agreedObjects(
  partials: readonly HeadedPartial[],
  cluster: string,
  hour: Hour,
): PartialObject[] {
  for (const partial of partials) checkIdentity(partial, cluster, hour)
  checkCommon(partials)
  return allObjects(partials)
}

/** Whether the ledger has all these objects, as they are. */
export function hasAll({ ledger }: StandingLedger, objects: readonly PartialObject[]): boolean {
  const known = new Set(ledger.objects.map(identity))
  return objects.every(object => known.has(identity(object)))
}

function identity({ key, size, etag }: LedgerObject): string {
  return JSON.stringify([key, size, etag])
}

/** Partials that lay about while the hour was made from more would take objects out of it again. Throws RunError. */
export function checkNotOvertaken(
  partials: readonly HeadedPartial[],
  objects: readonly PartialObject[],
  { ledger, modified }: StandingLedger,
  folder: string,
): void {
  if (partials.some(({ object }) => object.modified > modified)) return
  const ours = new Set(objects.map(identity))
  const shared = ledger.objects.filter(object => ours.has(identity(object))).length
  if (shared < ours.size || ledger.objects.length <= ours.size) return
  throw new RunError(
    `${partials[0]!.uri} and the other partials are stale: the hour was made since, from ${ledger.objects.length} objects ` +
      `where they have ${ours.size}. Remove the partials in ${folder}, or run the shards again`,
  )
}

function checkIdentity({ uri, shard, header }: HeadedPartial, cluster: string, hour: Hour): void {
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
    const stale = partials.filter(({ header }) => !sameText(header[member], newest.header[member]))
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

function damaged({ uri, shard }: HeadedPartial, problem: string): RunError {
  return new RunError(
    `${uri} is damaged: ${problem}. Run shard ${formatShard(shard)} again, then merge again`,
  )
}
