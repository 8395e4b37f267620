// A node as the assignment log has it: its own addresses, its instance, its zone.

import type { NodeLine } from '@zonetoll/assignments'
import { parseAddress, type Address, type UnixMillis, type ZoneId } from '@zonetoll/model'
import { instantAt, objectAt, objectsAt, textAt, type JsonObject } from './kube-json.ts'
import { earlier, HOLDS } from './pod-interval.ts'

/** Zone names of this account to zone IDs. */
export interface ZoneNames {
  idOf(zoneName: string): ZoneId | null
}

// aws:///us-east-2a/i-0abc; Fargate's and hybrid nodes' are of another form and have no instance.
const PROVIDER_ID = /^aws:\/\/\/([a-z0-9-]*)\/(?:(i-[0-9a-f]+)$)?/

/** What a node's object says, seen at a moment; null for what isn't a node. */
export function nodeLine(node: JsonObject, zones: ZoneNames, seen: UnixMillis): NodeLine | null {
  const metadata = objectAt(node, 'metadata')
  const uid = textAt(metadata, 'uid')
  const name = textAt(metadata, 'name')
  if (uid === null || name === null) return null
  const provider = PROVIDER_ID.exec(textAt(objectAt(node, 'spec'), 'providerID') ?? '')
  return {
    kind: 'node',
    uid,
    addresses: internalAddresses(node),
    from: earlier(instantAt(metadata, 'creationTimestamp') ?? seen, seen),
    until: HOLDS,
    seen,
    name,
    instance: provider?.[2] ?? null,
    zone: zoneOf(objectAt(metadata, 'labels'), provider?.[1] ?? null, zones),
  }
}

function internalAddresses(node: JsonObject): Address[] {
  return objectsAt(objectAt(node, 'status'), 'addresses')
    .filter(item => item['type'] === 'InternalIP')
    .map(item => parseAddress(textAt(item, 'address') ?? ''))
    .filter(address => address !== null)
}

function zoneOf(labels: JsonObject | null, providerZone: string | null, zones: ZoneNames): ZoneId | null {
  const id = textAt(labels, 'topology.k8s.aws/zone-id')
  if (id !== null) return id as ZoneId
  const name = textAt(labels, 'topology.kubernetes.io/zone') ?? providerZone
  return name === null || name === '' ? null : zones.idOf(name)
}
