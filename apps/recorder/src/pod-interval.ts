// When a pod's address began to be its own, and when it ceased to be.
//
//   begins   condition PodReadyToStartContainers turning True (the sandbox has its network; default since 1.29),
//            else status.startTime, which is before the address exists, else the pod's creation
//   ends     that condition turning False after it was True (seen by us, or because containers ran, or because it
//            turned after the pod's start: it stands at False from the start while the sandbox is made),
//            else, once the phase is Succeeded or Failed: the greatest finishedAt of its containers,
//            else the last time that its status was written (an evicted pod may have no containers to tell),
//            else the moment it was seen finished
//
// A finished pod keeps status.podIP long after the address belongs to another. All times are the cluster's; nothing
// can have begun or ended later than it was seen.
// Source: Kubernetes, Pod lifecycle (pod conditions); flow-log facts, Pods and their addresses.

import type { UnixMillis } from '@zonetoll/model'
import { instantAt, objectAt, objectsAt, textAt, type JsonObject } from './kube-json.ts'

export const HOLDS = Infinity as UnixMillis

const READY_TO_START = 'PodReadyToStartContainers'
// The kubelet writes a new pod's startTime and its conditions within a second of each other.
const SAME_MOMENT_MILLIS = 1_000

export interface PodInterval {
  readonly from: UnixMillis
  /** HOLDS where nothing says that it ended. */
  readonly until: UnixMillis
  /** Whether the condition or the containers tell `until`; else it is the latest that it can be, and grows. */
  readonly endIsTold: boolean
  /** When the sandbox that holds the address became ready; null where no condition says so. */
  readonly readySince: UnixMillis | null
}

/** What a pod's object says, seen at a moment; `wasReady` where the condition was seen at True before. */
export function podInterval(pod: JsonObject, seen: UnixMillis, wasReady: boolean): PodInterval {
  const metadata = objectAt(pod, 'metadata')
  const status = objectAt(pod, 'status')
  const condition = objectsAt(status, 'conditions').find(item => item['type'] === READY_TO_START) ?? null
  const turned = instantAt(condition, 'lastTransitionTime')
  const started = instantAt(status, 'startTime') ?? instantAt(metadata, 'creationTimestamp') ?? seen
  const readySince = condition?.['status'] === 'True' ? turned : null
  const hadSandbox = () =>
    wasReady || textAt(status, 'phase') !== 'Pending' || turned! > started + SAME_MOMENT_MILLIS
  const stopped = condition?.['status'] === 'False' && turned !== null && hadSandbox()
  const from = earlier(readySince ?? started, seen)
  const told = stopped ? turned : isFinished(status) ? lastContainerEnd(status) : null
  const until = told ?? (isFinished(status) ? (greatest(statusWrites(metadata)) ?? seen) : HOLDS)
  return {
    from,
    until: until === HOLDS ? HOLDS : later(earlier(until, seen), from),
    endIsTold: told !== null,
    readySince,
  }
}

function isFinished(status: JsonObject | null): boolean {
  const phase = textAt(status, 'phase')
  return phase === 'Succeeded' || phase === 'Failed'
}

function lastContainerEnd(status: JsonObject | null): UnixMillis | null {
  const ended = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].flatMap(key =>
    objectsAt(status, key).map(container =>
      instantAt(objectAt(objectAt(container, 'state'), 'terminated'), 'finishedAt'),
    ),
  )
  return greatest(ended)
}

function statusWrites(metadata: JsonObject | null): (UnixMillis | null)[] {
  return objectsAt(metadata, 'managedFields')
    .filter(entry => entry['subresource'] === 'status')
    .map(entry => instantAt(entry, 'time'))
}

function greatest(times: readonly (UnixMillis | null)[]): UnixMillis | null {
  const known = times.filter(time => time !== null)
  return known.length === 0 ? null : known.reduce(later)
}

export function earlier(a: UnixMillis, b: UnixMillis): UnixMillis {
  return a < b ? a : b
}

export function later(a: UnixMillis, b: UnixMillis): UnixMillis {
  return a > b ? a : b
}
