// The timeline of one hour, from the hour's partition of the assignment log: it is self-contained.

import {
  AssignmentLineError,
  parseAssignmentLine,
  Timeline,
  type AssignmentLine,
} from '@zonetoll/assignments'
import { RunError, UsageError } from '@zonetoll/command'
import { compareText, formatCount, formatHour, type Hour, type LedgerAssignments } from '@zonetoll/model'
import { hourPartition, listClusters, readLines, type Location, type StoredObject } from '@zonetoll/objects'
import type { MemoryBound } from './memory-bound.ts'

/** What a line takes besides itself while the timeline is made: in columns, and as objects. */
const INDEX_BYTES = 100
const INDEX_HEAP_BYTES = 400

export interface LoadedTimeline {
  readonly timeline: Timeline
  /** The objects it was read from, sorted by key. */
  readonly objects: readonly LedgerAssignments[]
}

/** The cluster that was asked for, else the only one there is. Throws UsageError where there are several. */
export async function resolveCluster(
  location: Location,
  asked: string | null,
  signal: AbortSignal,
): Promise<string> {
  if (asked !== null) return asked
  const clusters = await listClusters(location, { signal })
  if (clusters.length === 1) return clusters[0]!
  if (clusters.length > 1) {
    throw new UsageError(
      `the assignment log ${location.uri} has ${clusters.length} clusters: name one with --cluster (${clusters.join(', ')})`,
    )
  }
  throw new RunError(
    `no assignments: ${location.uri} has no folder cluster=<name>. Write it with pnpm record, or name another with --assignments.`,
  )
}

/** The objects of an hour's partition, sorted by key; none where nothing was recorded. */
export async function listAssignments(
  location: Location,
  cluster: string,
  hour: Hour,
  signal: AbortSignal,
): Promise<StoredObject[]> {
  const partition = location.prefix + hourPartition(cluster, hour)
  const objects: StoredObject[] = []
  for await (const entry of location.store.list(partition, { signal })) {
    if ('object' in entry && /\.ndjson(?:\.gz)?$/.test(entry.object.key)) objects.push(entry.object)
  }
  return objects.sort((a, b) => compareText(a.key, b.key))
}

/**
 * `listed` is the partition where it was listed already. Throws RunError where the hour has no partition or a line of
 * it is no assignment.
 */
export async function loadTimeline(
  location: Location,
  cluster: string,
  hour: Hour,
  options: {
    readonly appLabels: readonly string[]
    readonly signal: AbortSignal
    readonly listed?: readonly StoredObject[] | undefined
    readonly bound?: MemoryBound
  },
): Promise<LoadedTimeline> {
  const { store } = location
  const { signal, appLabels } = options
  const objects = options.listed ?? (await listAssignments(location, cluster, hour, signal))
  if (objects.length === 0) {
    const partition = store.describe(location.prefix + hourPartition(cluster, hour))
    throw new RunError(
      `no assignments for ${formatHour(hour)} in ${partition}: nothing would say who held an address. ` +
        `Record the hour with pnpm record, or name another log with --assignments or another cluster with --cluster.`,
    )
  }
  const lines: AssignmentLine[] = []
  const held = () => `${formatCount(lines.length)} lines of the assignment log`
  if (options.bound !== undefined) options.bound.holding = held
  for (const object of objects) {
    let number = 0
    for await (const texts of readLines(store, object, { signal })) {
      // Lines come faster than the watch looks.
      options.bound?.ask(0, held)
      for (const text of texts) {
        number++
        if (text.trim() === '') continue
        const line = parseLine(text, store.describe(object.key), number)
        if (line !== null) lines.push(line)
      }
    }
  }
  options.bound?.ask(lines.length * INDEX_BYTES, held, lines.length * INDEX_HEAP_BYTES)
  return {
    timeline: new Timeline(lines, { appLabels }),
    objects: objects.map(({ key, size, etag }) => ({ key, size, etag })),
  }
}

function parseLine(text: string, uri: string, number: number): AssignmentLine | null {
  try {
    return parseAssignmentLine(text)
  } catch (cause) {
    if (!(cause instanceof AssignmentLineError)) throw cause
    throw new RunError(
      `${uri}, line ${number}: ${cause.message}. Mend the line or move the file out of the partition.`,
      {
        cause,
      },
    )
  }
}
