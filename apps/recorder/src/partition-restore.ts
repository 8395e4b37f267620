// What the log said last: its newest partition and the one before, folded by the greatest `seen`.
//
// A partition stands for itself, so the newest is enough; the one before is read too in case the newest's writer died
// before its first object was delivered. Only what may matter again is kept: what held, and what ended so late that the
// next hour's partition has to have it. Of everything else the fold keeps no more than when it was seen.
//
// A line that is no assignment, or an object that can't be read, costs what it said, not the start: that is warned of.

import { AssignmentLineError, parseAssignmentLine, type AssignmentLine } from '@zonetoll/assignments'
import { HOUR_SECONDS, hourOf, type Hour, type UnixMillis } from '@zonetoll/model'
import {
  ContentError,
  hourPartition,
  readLines,
  StoreError,
  type Location,
  type StoredObject,
} from '@zonetoll/objects'
import { isHolder } from './book-line-content.ts'
import { LEAD_MILLIS } from './partition-window.ts'

export interface FoundPartition {
  readonly hour: Hour
  readonly objects: readonly StoredObject[]
}

export interface RestoreOptions {
  readonly location: Location
  readonly cluster: string
  readonly warn: (message: string) => void
  readonly signal?: AbortSignal | undefined
}

/** The newest partitions of the cluster, newest first, of the hour of `now` and the `hours` before it; at most two. */
export async function newestPartitions(
  now: UnixMillis,
  hours: number,
  { location, cluster, signal }: RestoreOptions,
): Promise<FoundPartition[]> {
  const found: FoundPartition[] = []
  // A recorder whose clock is ahead may have begun the next hour.
  const newest = hourOf(now / 1000) + HOUR_SECONDS
  for (let back = 0; back <= hours + 1 && found.length < 2; back++) {
    const hour = (newest - back * HOUR_SECONDS) as Hour
    const objects: StoredObject[] = []
    try {
      for await (const entry of location.store.list(location.prefix + hourPartition(cluster, hour), {
        signal,
      })) {
        if ('object' in entry && /\.ndjson(?:\.gz)?$/.test(entry.object.key)) objects.push(entry.object)
      }
    } catch (error) {
      // A folder that nobody wrote to yet.
      if (error instanceof StoreError && error.reason === 'missingFolder') return []
      throw error
    }
    if (objects.length > 0) found.push({ hour, objects })
  }
  return found
}

export interface PartitionFold {
  /** Each thing once, as it was seen last; those that ended before the end of the newest partition's hour are left out. */
  readonly lines: readonly AssignmentLine[]
  /** When anything of a kind was last seen. */
  readonly seen: { readonly [kind in AssignmentLine['kind']]?: UnixMillis }
  /** The greatest of these, 0 where there is no line. */
  readonly lastSeen: UnixMillis
}

export async function foldPartitions(
  partitions: readonly FoundPartition[],
  options: RestoreOptions,
): Promise<PartitionFold> {
  const newest = partitions[0]
  if (newest === undefined) return { lines: [], seen: {}, lastSeen: 0 as UnixMillis }
  const kinds: { [kind in AssignmentLine['kind']]?: UnixMillis } = {}
  const matters = (newest.hour + HOUR_SECONDS) * 1000 - LEAD_MILLIS
  // The line, or when it was seen where nothing else of it matters.
  const latest = new Map<string, AssignmentLine | UnixMillis>()
  for (const { objects } of partitions.toReversed()) {
    for (const object of objects) {
      for await (const line of linesOf(object, options)) {
        kinds[line.kind] = Math.max(kinds[line.kind] ?? 0, line.seen) as UnixMillis
        const key = `${line.kind}/${line.uid}`
        const known = latest.get(key)
        if (known !== undefined && seenOf(known) >= line.seen) continue
        latest.set(key, isHolder(line) && line.until < matters ? line.seen : line)
      }
    }
  }
  return {
    lines: [...latest.values()].filter(known => typeof known !== 'number'),
    seen: kinds,
    lastSeen: Math.max(0, ...Object.values(kinds)) as UnixMillis,
  }
}

function seenOf(known: AssignmentLine | UnixMillis): UnixMillis {
  return typeof known === 'number' ? known : known.seen
}

async function* linesOf(
  object: StoredObject,
  { location, warn, signal }: RestoreOptions,
): AsyncGenerator<AssignmentLine> {
  const { store } = location
  let number = 0
  let bad = 0
  try {
    for await (const texts of readLines(store, object, { signal })) {
      for (const text of texts) {
        number++
        if (text.trim() === '') continue
        try {
          const line = parseAssignmentLine(text)
          if (line !== null) yield line
        } catch (error) {
          if (!(error instanceof AssignmentLineError)) throw error
          if (bad++ === 0) {
            warn(
              `${store.describe(object.key)}, line ${number}: ${error.message}; passed over. Mend the line or move the file out of the partition.`,
            )
          }
        }
      }
    }
  } catch (error) {
    if (!(error instanceof ContentError || (error instanceof StoreError && error.reason === 'missingObject')))
      throw error
    warn(`${error.message}; what its later lines said is passed over`)
  }
  if (bad > 1) warn(`${store.describe(object.key)}: ${bad - 1} more such lines are passed over`)
}
