// What a pod belongs to, as people name it: `Deployment/cart`, `CronJob/backup`, `StatefulSet/db`.
//
// A pod names only its controlling owner; of two kinds the one behind it is meant:
//
//   ReplicaSet cart-7d9f  -> Deployment/cart   the ReplicaSet's name ends with the pod's label pod-template-hash;
//                                              without the label (Argo Rollouts) a look-up of the ReplicaSet tells
//   Job backup-29658240   -> CronJob/backup    the CronJob controller appends the scheduled minute, counted from 1970.
//                                              No look-up, and so no permission on jobs: a number that is no minute
//                                              shortly before the pod's creation stays part of the Job's name
//
// Anything else controls the pod itself. A static pod is controlled by its node, which is no workload.
// Source: kubernetes/kubernetes, deployment and cronjob controllers (getJobName).

import type { UnixMillis } from '@zonetoll/model'
import { instantAt, objectAt, objectsAt, textAt, type JsonObject } from './kube-json.ts'

export interface Owner {
  readonly kind: string
  readonly name: string
}

/** The owner that controls an object; null where none does. */
export function controllerOf(object: JsonObject): Owner | null {
  for (const owner of objectsAt(objectAt(object, 'metadata'), 'ownerReferences')) {
    const kind = textAt(owner, 'kind')
    const name = textAt(owner, 'name')
    if (owner['controller'] === true && kind !== null && name !== null) return { kind, name }
  }
  return null
}

/** A pod's workload; null for a pod that nothing controls. A ReplicaSet comes back where only a look-up tells more. */
export function workloadOf(pod: JsonObject): Owner | null {
  const owner = controllerOf(pod)
  const metadata = objectAt(pod, 'metadata')
  switch (owner?.kind) {
    case 'ReplicaSet': {
      const hash = textAt(objectAt(metadata, 'labels'), 'pod-template-hash')
      return hash !== null && owner.name.endsWith(`-${hash}`) && owner.name.length > hash.length + 1
        ? { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) }
        : owner
    }
    case 'Job': {
      const name = cronJobOf(owner.name, instantAt(metadata, 'creationTimestamp'))
      return name === null ? owner : { kind: 'CronJob', name }
    }
    case 'Node':
      return null
    default:
      return owner
  }
}

const SCHEDULED = /^(.+)-(\d{7,9})$/
const MINUTE_MILLIS = 60_000
// A Job may start late, and start pods for as long as it fails: days, not years.
const LATEST_MILLIS = 30 * 24 * 60 * MINUTE_MILLIS
const SKEW_MILLIS = 10 * MINUTE_MILLIS

function cronJobOf(job: string, podCreated: UnixMillis | null): string | null {
  const parts = SCHEDULED.exec(job)
  if (parts === null || podCreated === null) return null
  const late = podCreated - Number(parts[2]) * MINUTE_MILLIS
  return late >= -SKEW_MILLIS && late <= LATEST_MILLIS ? parts[1]! : null
}
