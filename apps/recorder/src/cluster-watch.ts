// The Kubernetes side of the recorder: what a cluster's API says of pods and nodes, put into the book.
//
//   watchCluster      all of it and then every change, until the signal aborts
//   snapshotCluster   all of it, once
//
//   API ──nodes──> Reflector ──> NodeRecords ──┐ place of a node
//                                              v
//   API ──pods───> Reflector ──> PodRecords ──────> book        one reflector a namespace, or one for all
//                                              ^
//   API ──ReplicaSets, only where needed───────┘ WorkloadLookup
//
// Nodes are listed first, so that pods come with their zone; what can't be known yet comes with a second line.

import { setMaxListeners } from 'node:events'

import { RunError } from '@zonetoll/command'
import type { UnixMillis } from '@zonetoll/model'
import type { AssignmentBook } from './assignment-book.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { listAll } from './kube-list.ts'
import { NODES, podsIn, type KubeResource } from './kube-resource.ts'
import { describeTrouble, troubleOf } from './kube-trouble.ts'
import type { ZoneNames } from './node-line.ts'
import { NodeRecords } from './node-records.ts'
import { PodReader } from './pod-object.ts'
import { PodRecords } from './pod-records.ts'
import { Reflector, type ReflectorSink } from './reflector.ts'
import { WatchClock } from './watch-clock.ts'
import { WatchComplaints } from './watch-complaints.ts'
import { Backoff, pause, WATCH_TIMING, type WatchTiming } from './watch-timing.ts'
import { WorkloadLookup } from './workload-lookup.ts'

export interface ClusterOptions {
  readonly access: ClusterAccess
  readonly book: AssignmentBook
  readonly zones: ZoneNames
  /** Of these only; none means all. Nodes are always the whole cluster's. */
  readonly namespaces: readonly string[]
  /** Keys of the pod labels that are kept: those that name the app, and any others. */
  readonly appLabels: readonly string[]
  readonly labels: readonly string[]
  readonly signal: AbortSignal
  readonly clock: () => UnixMillis
  /** One sentence or two for the user; nothing in it is secret, and nothing in it can drive a terminal. */
  readonly warn: (message: string) => void
  readonly timing?: Partial<WatchTiming> | undefined
}

export interface WatchClusterOptions extends ClusterOptions {
  /** Called once, when the book has everything that the cluster has. */
  readonly onSync?: (() => void) | undefined
}

const SNAPSHOT_ATTEMPTS = 6

/** Ends when the signal aborts. Trouble with the cluster never ends it: that is warned of, and it tries again. */
export async function watchCluster(options: WatchClusterOptions): Promise<void> {
  const failed = new AbortController()
  const parts = assemble(options, AbortSignal.any([options.signal, failed.signal]))
  let told = false
  const tellSync = () => {
    if (told || !parts.nodes.synced || !parts.pods.synced) return
    told = true
    options.onSync?.()
  }
  const reflect = (resource: KubeResource, sink: ReflectorSink) =>
    new Reflector({ ...parts, resource, access: options.access, sink: afterEachList(sink, tellSync) })
  const nodes = reflect(NODES, parts.nodes)
  const pods = parts.scopes.map(({ resource, sink }) => reflect(resource, sink))
  const podsAfterNodes = async () => {
    await Promise.race([nodes.attempted, pause(parts.timing.nodesFirstMillis, parts.signal)])
    await Promise.all(pods.map(reflector => reflector.run()))
  }
  const running = [nodes.run(), podsAfterNodes()]
  try {
    await Promise.all(running)
  } finally {
    failed.abort()
    await Promise.allSettled(running)
  }
}

/**
 * Lists nodes and pods once and puts them into the book in the place of what it had. Throws RunError where the cluster
 * can't be asked or doesn't permit it; the book may then have the nodes alone.
 */
export async function snapshotCluster(options: ClusterOptions): Promise<void> {
  const parts = assemble(options, options.signal)
  await listOnce(options, parts, NODES, parts.nodes)
  parts.nodes.listEnds()
  for (const { resource, sink } of parts.scopes) await listOnce(options, parts, resource, sink)
  await parts.pods.settled()
  options.signal.throwIfAborted()
  for (const { sink } of parts.scopes) sink.listEnds()
}

interface ClusterParts {
  readonly signal: AbortSignal
  readonly timing: WatchTiming
  readonly complaints: WatchComplaints
  readonly nodes: NodeRecords
  readonly pods: PodRecords
  readonly scopes: readonly { readonly resource: KubeResource; readonly sink: ReflectorSink }[]
}

function assemble(options: ClusterOptions, signal: AbortSignal): ClusterParts {
  const { access, book, zones, appLabels, labels, warn } = options
  // Every request listens to it.
  setMaxListeners(0, signal)
  const timing = { ...WATCH_TIMING, ...options.timing }
  const complaints = new WatchComplaints(warn, timing.repeatMillis)
  const clock = new WatchClock(options.clock)
  const nodes = new NodeRecords({
    book,
    zones,
    clock,
    complaints,
    placed: name => pods.nodePlaced(name),
  })
  const pods = new PodRecords({
    book,
    clock,
    complaints,
    reader: new PodReader([...appLabels, ...labels]),
    lookup: new WorkloadLookup({ access, timing, complaints, signal }),
    placeOf: name => nodes.placeOf(name),
  })
  const namespaces = options.namespaces.length === 0 ? [null] : [...new Set(options.namespaces)]
  const scopes = namespaces.map(namespace => ({ resource: podsIn(namespace), sink: pods.scope() }))
  return { signal, timing, complaints, nodes, pods, scopes }
}

function afterEachList(sink: ReflectorSink, tell: () => void): ReflectorSink {
  return {
    listBegins: () => sink.listBegins(),
    listed: object => sink.listed(object),
    listEnds: () => {
      sink.listEnds()
      tell()
    },
    changed: object => sink.changed(object),
    gone: object => sink.gone(object),
    alive: () => sink.alive(),
  }
}

// A snapshot is read by nobody who would go on from it, so the rest of a list that expired may be inconsistent.
async function listOnce(
  { access }: ClusterOptions,
  { timing, signal }: ClusterParts,
  resource: KubeResource,
  sink: ReflectorSink,
): Promise<void> {
  const backoff = new Backoff(timing.backoffMillis)
  let renewed = false
  for (let attempt = 1; ; attempt++) {
    try {
      sink.listBegins()
      const list = { access, timing, signal, limit: timing.pageSize, takeInconsistent: true }
      await listAll(resource, list, object => sink.listed(object))
      return
    } catch (cause) {
      signal.throwIfAborted()
      const trouble = troubleOf(cause)
      const renew = trouble === 'unauthorized' && !renewed
      if (
        attempt === SNAPSHOT_ATTEMPTS ||
        trouble === 'forbidden' ||
        (trouble === 'unauthorized' && !renew)
      ) {
        throw new RunError(describeTrouble(cause, 'list', resource, access.server), { cause })
      }
      if (renew) {
        renewed = true
        access.renew()
      } else {
        await pause(backoff.next(), signal)
      }
    }
  }
}
