// Commands and manifests to copy, for names that are what Kubernetes allows. For any other there is none: what is
// copied into a shell must not be a stranger's.

import type { PartyName } from './party.ts'

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const DNS_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/

interface Target {
  readonly namespace: string
  readonly controller: string
  readonly name: string
}

/** Namespace, controller and name of a workload; null where one isn't as Kubernetes allows. */
function targetOf({ namespace, workload }: PartyName): Target | null {
  const [controller, name, ...more] = (workload ?? '').split('/')
  if (namespace === null || controller === undefined || name === undefined || more.length > 0) return null
  if (!DNS_LABEL.test(namespace) || !/^[A-Z][A-Za-z]{0,62}$/.test(controller) || !DNS_NAME.test(name))
    return null
  return { namespace, controller, name }
}

/** The line that makes the workload's Service prefer its caller's zone. */
export function routeCommand(subject: PartyName): string | null {
  const target = targetOf(subject)
  // A Service's name is a label, without dots.
  if (target === null || !DNS_LABEL.test(target.name)) return null
  return `kubectl --namespace ${target.namespace} patch service ${target.name} --patch '{"spec":{"trafficDistribution":"PreferClose"}}'`
}

/** The same as a manifest's part. */
export function routeManifest(subject: PartyName): string | null {
  const target = targetOf(subject)
  if (target === null || !DNS_LABEL.test(target.name)) return null
  return `apiVersion: v1
kind: Service
metadata:
  namespace: ${target.namespace}
  name: ${target.name}
spec:
  trafficDistribution: PreferClose`
}

/** The part of a workload's manifest that spreads its pods over zones; null for what has no replicas to spread. */
export function spreadManifest(subject: PartyName): string | null {
  const target = targetOf(subject)
  if (target === null || !/^(?:Deployment|StatefulSet|ReplicaSet)$/.test(target.controller)) return null
  return `apiVersion: apps/v1
kind: ${target.controller}
metadata:
  namespace: ${target.namespace}
  name: ${target.name}
spec:
  replicas: 3  # one a zone, or more
  template:
    spec:
      topologySpreadConstraints:
        - topologyKey: topology.kubernetes.io/zone
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {}  # the labels of its selector`
}
