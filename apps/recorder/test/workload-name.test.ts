import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../src/kube-json.ts'
import { workloadOf } from '../src/workload-name.ts'

// 2026-11-22T10:00Z is minute 29922360 since 1970.
const CREATED = '2026-11-22T10:00:05Z'

function podOf(
  kind: string,
  name: string,
  labels: JsonObject = {},
  created: string | null = CREATED,
): JsonObject {
  return {
    metadata: {
      ...(created === null ? {} : { creationTimestamp: created }),
      labels,
      ownerReferences: [
        { kind: 'Other', name: 'no controller' },
        { kind, name, controller: true },
      ],
    },
  }
}

const CASES: readonly (readonly [string, JsonObject, string | null])[] = [
  [
    'a Deployment by the hash',
    podOf('ReplicaSet', 'cart-7d9f', { 'pod-template-hash': '7d9f' }),
    'Deployment/cart',
  ],
  [
    'a Deployment with dashes',
    podOf('ReplicaSet', 'a-b-c-7d9f', { 'pod-template-hash': '7d9f' }),
    'Deployment/a-b-c',
  ],
  ['a ReplicaSet without the label', podOf('ReplicaSet', 'cart-7d9f'), 'ReplicaSet/cart-7d9f'],
  [
    'a ReplicaSet with another hash',
    podOf('ReplicaSet', 'cart-7d9f', { 'pod-template-hash': '9f' }),
    'ReplicaSet/cart-7d9f',
  ],
  [
    'a ReplicaSet that is all hash',
    podOf('ReplicaSet', '-7d9f', { 'pod-template-hash': '7d9f' }),
    'ReplicaSet/-7d9f',
  ],
  ['a CronJob by the minute', podOf('Job', 'backup-29922360'), 'CronJob/backup'],
  ['a CronJob that started late', podOf('Job', 'backup-29920000'), 'CronJob/backup'],
  ['a Job with a date', podOf('Job', 'import-20261122'), 'Job/import-20261122'],
  ['a Job with a minute to come', podOf('Job', 'import-29924000'), 'Job/import-29924000'],
  ['a Job with a short number', podOf('Job', 'shard-12'), 'Job/shard-12'],
  ['a Job of a pod without a creation', podOf('Job', 'backup-29922360', {}, null), 'Job/backup-29922360'],
  ['a StatefulSet', podOf('StatefulSet', 'db'), 'StatefulSet/db'],
  ['a DaemonSet', podOf('DaemonSet', 'agent'), 'DaemonSet/agent'],
  ['a kind of somebody else', podOf('SparkApplication', 'etl'), 'SparkApplication/etl'],
  ['a static pod', podOf('Node', 'ip-10-0-0-1'), null],
  ['a bare pod', { metadata: {} }, null],
  [
    'an owner that does not control',
    { metadata: { ownerReferences: [{ kind: 'ReplicaSet', name: 'x' }] } },
    null,
  ],
  [
    'owners that are none',
    { metadata: { ownerReferences: [null, 3, { controller: true, kind: 4, name: '' }] } },
    null,
  ],
]

describe('the workload of a pod', () => {
  for (const [name, pod, expected] of CASES) {
    it(`${name}: ${expected ?? 'none'}`, () => {
      const owner = workloadOf(pod)
      expect(owner === null ? null : `${owner.kind}/${owner.name}`).toBe(expected)
    })
  }
})
