// The timeline of one hour, from the hour's partition of the assignment log: it is self-contained.

import {
  AssignmentLineError,
  parseAssignmentLine,
  Timeline,
  type AssignmentLine,
} from '@zonetoll/assignments'
import { RunError, UsageError } from '@zonetoll/command'
import { compareText, formatHour, type Hour, type LedgerAssignments } from '@zonetoll/model'
import { hourPartition, listClusters, readLines, type Location } from '@zonetoll/objects'

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

/** Throws RunError where the hour has no partition or a line of it is no assignment. */
export async function loadTimeline(
  location: Location,
  cluster: string,
  hour: Hour,
  options: { readonly appLabels: readonly string[]; readonly signal: AbortSignal },
): Promise<LoadedTimeline> {
  const { store } = location
  const partition = location.prefix + hourPartition(cluster, hour)
  const objects: LedgerAssignments[] = []
  const lines: AssignmentLine[] = []
  for await (const entry of store.list(partition, { signal: options.signal })) {
    if (!('object' in entry) || !/\.ndjson(?:\.gz)?$/.test(entry.object.key)) continue
    const { key, size, etag } = entry.object
    objects.push({ key, size, etag })
    let number = 0
    for await (const texts of readLines(store, entry.object, { signal: options.signal })) {
      for (const text of texts) {
        number++
        if (text.trim() === '') continue
        const line = parseLine(text, store.describe(key), number)
        if (line !== null) lines.push(line)
      }
    }
  }
  if (objects.length === 0) {
    throw new RunError(
      `no assignments for ${formatHour(hour)} in ${store.describe(partition)}: nothing would say who held an address. ` +
        `Record the hour with pnpm record, or name another log with --assignments or another cluster with --cluster.`,
    )
  }
  return {
    timeline: new Timeline(lines, { appLabels: options.appLabels }),
    objects: objects.sort((a, b) => compareText(a.key, b.key)),
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
