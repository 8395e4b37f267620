// Which cluster's rollups are meant: the one that was named, else the only one there is.

import { RunError, UsageError } from '@zonetoll/command'
import { listClusters, StoreError, type Location } from '@zonetoll/objects'
import { nearest } from './nearest-names.ts'

/** Throws UsageError where the choice is the user's, RunError where there is nothing to choose from. */
export async function resolveCluster(
  location: Location,
  asked: string | null,
  signal: AbortSignal,
): Promise<string> {
  const clusters = await clustersAt(location, signal)
  if (clusters.length === 0) throw noRollups(`${location.uri} has no folder cluster=<name>`)
  if (asked === null && clusters.length === 1) return clusters[0]!
  if (asked === null) {
    throw new UsageError(
      `${location.uri} has rollups of ${clusters.length} clusters: name one with --cluster (${clusters.join(', ')})`,
    )
  }
  if (clusters.includes(asked)) return asked
  const near = nearest(asked, clusters)
  const said = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are ${clusters.join(', ')}`
  throw new UsageError(`${location.uri} has no rollups of the cluster ${asked}: ${said}`)
}

async function clustersAt(location: Location, signal: AbortSignal): Promise<string[]> {
  try {
    return await listClusters(location, { signal })
  } catch (cause) {
    if (cause instanceof StoreError && cause.reason === 'missingFolder') throw noRollups(cause.message, cause)
    throw cause
  }
}

function noRollups(why: string, cause?: unknown): RunError {
  return new RunError(
    `no rollups: ${why}. Make some with pnpm start (--hour 2024-05-01T10 alone makes the bundled sample's), or say with --rollups where they are.`,
    { cause },
  )
}
