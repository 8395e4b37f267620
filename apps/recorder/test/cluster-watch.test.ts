import { setTimeout as sleep } from 'node:timers/promises'

import { RunError } from '@zonetoll/command'
import type { UnixMillis } from '@zonetoll/model'
import { describe, expect, it } from 'vitest'

import type { KubeRequest } from '../../../test/servers/kube-api.ts'
import {
  addressesOf,
  clusterOfTen,
  countOf,
  failFirst,
  makePod,
  nodeObject,
  ready,
  setStatus,
  TEN,
  testCluster,
  waitUntil,
  watched,
  type TestCluster,
} from './cluster-fixture.ts'

function at(text: string): number {
  return Date.parse(text)
}

function rollout({ api }: TestCluster): void {
  api.create('replicasets', {
    metadata: {
      name: 'web-abc',
      namespace: 'shop',
      ownerReferences: [{ kind: 'Rollout', name: 'web', controller: true }],
    },
  })
  for (const pod of ['web-abc-1', 'web-abc-2', 'web-abc-3', 'web-abc-4']) {
    makePod(api, pod, {
      addresses: [`10.0.1.${pod.at(-1)}`],
      owner: { kind: 'ReplicaSet', name: 'web-abc' },
    })
  }
}

function isOfBank({ namespace }: KubeRequest): boolean {
  return namespace === 'bank'
}

describe('what a watch puts into the book', () => {
  it('has every pod of a list in pages, then every change', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    expect(cluster.book.holding()).toEqual(TEN)
    expect(countOf(cluster, 'list')).toBe(4)
    makePod(cluster.api, 'late', { addresses: ['10.0.2.1'] })
    cluster.api.delete('pods', 'shop/pod-0', 0)
    await waitUntil(
      'both changes are in',
      () => !cluster.book.holding().includes('pod-0') && cluster.book.pod('late') !== undefined,
    )
    expect(addressesOf(cluster.book.pod('late'))).toEqual(['10.0.2.1'])
    expect(cluster.warnings).toEqual([])
  })

  it('names workload, labels asked for, node, instance and zone', async () => {
    const cluster = await testCluster()
    cluster.api.create('nodes', nodeObject('node-1', '10.0.0.1'))
    makePod(cluster.api, 'cart-7d9f-x2x', {
      addresses: ['10.0.1.5', '2600:1F16::5'],
      labels: { app: 'cart', team: 'shop', secret: 'no', 'pod-template-hash': '7d9f' },
      owner: { kind: 'ReplicaSet', name: 'cart-7d9f' },
    })
    await watched(cluster)
    const line = cluster.book.pod('cart-7d9f-x2x')!
    expect(addressesOf(line)).toEqual(['10.0.1.5', '2600:1f16::5'])
    expect(line).toMatchObject({
      namespace: 'shop',
      workload: 'Deployment/cart',
      node: 'node-1',
      instance: 'i-06e6f64652d31',
      zone: 'use2-az1',
      hostNetwork: false,
      from: at('2026-11-22T10:00:05Z'),
      until: Infinity,
    })
    expect([...line.labels]).toEqual([
      ['app', 'cart'],
      ['team', 'shop'],
    ])
    expect(cluster.book.node('node-1')).toMatchObject({
      instance: 'i-06e6f64652d31',
      zone: 'use2-az1',
      until: Infinity,
    })
    expect(addressesOf(cluster.book.node('node-1'))).toEqual(['10.0.0.1'])
  })

  it('prefers the zone ID that a node carries to the zone name', async () => {
    const cluster = await testCluster()
    const node = nodeObject('node-1', '10.0.0.1')
    cluster.api.create('nodes', {
      ...node,
      metadata: {
        name: 'node-1',
        labels: { 'topology.k8s.aws/zone-id': 'use2-az3', 'topology.kubernetes.io/zone': 'us-east-2a' },
      },
    })
    await watched(cluster)
    expect(cluster.book.node('node-1')!.zone).toBe('use2-az3')
  })

  it('marks pods of the host network', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'proxy', { addresses: ['10.0.0.1'], hostNetwork: true })
    await watched(cluster)
    expect(cluster.book.pod('proxy')!.hostNetwork).toBe(true)
  })

  it('writes a pod without an address only when it has one', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'young', { status: { phase: 'Pending' } })
    await watched(cluster)
    expect(cluster.book.pod('young')).toBeUndefined()
    setStatus(cluster.api, 'young', 'shop', {
      podIP: '10.0.1.1',
      podIPs: [{ ip: '10.0.1.1' }],
      ...ready('True', '2026-11-22T10:00:07Z'),
    })
    await waitUntil('the pod is in the book', () => cluster.book.pod('young') !== undefined)
    expect(cluster.book.pod('young')!.from).toBe(at('2026-11-22T10:00:07Z'))
  })

  it('leaves malformed addresses out and counts them', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'odd', { addresses: ['10.0.1.1', '10.0.1.256\u001b[2J'] })
    makePod(cluster.api, 'broken', { addresses: ['nonsense'] })
    await watched(cluster)
    expect(addressesOf(cluster.book.pod('odd'))).toEqual(['10.0.1.1'])
    expect(cluster.book.pod('broken')).toBeUndefined()
    expect(cluster.warnings).toHaveLength(1)
    expect(cluster.warnings[0]).toContain('"nonsense"; left out (1 so far)')
    for (const warning of cluster.warnings) expect(warning).not.toContain('\u001b')
  })

  it('gives a pod whose node comes later its zone and instance then', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'early', { addresses: ['10.0.1.1'], node: 'node-9' })
    await watched(cluster)
    expect(cluster.book.pod('early')).toMatchObject({ zone: null, instance: null })
    cluster.api.create('nodes', nodeObject('node-9', '10.0.0.9', 'us-east-2c'))
    await waitUntil('the zone is known', () => cluster.book.pod('early')!.zone !== null)
    expect(cluster.book.pod('early')).toMatchObject({ zone: 'use2-az3', node: 'node-9' })
    expect(cluster.book.pod('early')!.instance).toMatch(/^i-0/)
  })

  it('warns once of a node without a zone, and takes the zone when it is labelled', async () => {
    const cluster = await testCluster()
    cluster.api.create('nodes', nodeObject('bare', '10.0.0.1', null))
    makePod(cluster.api, 'pod', { addresses: ['10.0.1.1'], node: 'bare' })
    await watched(cluster)
    cluster.api.patch('nodes', '/bare', { metadata: { labels: { a: 'b' } } })
    cluster.api.patch('nodes', '/bare', { metadata: { labels: { 'topology.k8s.aws/zone-id': 'use2-az2' } } })
    await waitUntil('the pod has the zone', () => cluster.book.pod('pod')!.zone === 'use2-az2')
    expect(cluster.book.node('bare')!.zone).toBe('use2-az2')
    expect(cluster.warnings.filter(text => text.includes('bare'))).toHaveLength(1)
  })

  it('keeps to its namespaces, and takes nodes of the whole cluster', async () => {
    const cluster = await testCluster()
    cluster.api.create('nodes', nodeObject('node-1', '10.0.0.1'))
    for (const namespace of ['shop', 'bank', 'other'])
      makePod(cluster.api, `in-${namespace}`, { namespace, addresses: ['10.0.1.1'] })
    await cluster.watch({ namespaces: ['shop', 'bank'] })
    expect(cluster.book.holding()).toEqual(['in-bank', 'in-shop'])
    expect(cluster.book.nodes()).toHaveLength(1)
    makePod(cluster.api, 'more', { namespace: 'bank', addresses: ['10.0.1.2'] })
    makePod(cluster.api, 'none', { namespace: 'other', addresses: ['10.0.1.3'] })
    await waitUntil('the change is in', () => cluster.book.pod('more') !== undefined)
    expect(cluster.book.pod('none')).toBeUndefined()
  })

  it('closes what the book had and the cluster has no more, only when every namespace is listed', async () => {
    const cluster = await testCluster()
    for (const namespace of ['shop', 'bank'])
      makePod(cluster.api, `in-${namespace}`, { namespace, addresses: ['10.0.1.1'] })
    const before = await testCluster()
    makePod(before.api, 'vanished', { addresses: ['10.0.9.9'] })
    await before.watch()
    for (const line of before.book.said) cluster.book.put(line)
    const fault = failFirst(cluster, 'list', Infinity, { kind: 'status', status: 503 }, isOfBank)
    void cluster.watch({ namespaces: ['shop', 'bank'] })
    await waitUntil('one namespace is in', () => cluster.book.pod('in-shop') !== undefined)
    expect(cluster.book.holding()).toContain('vanished')
    fault.left = 0
    await waitUntil('the other is in', () => cluster.book.pod('in-bank') !== undefined)
    expect(cluster.book.holding()).toEqual(['in-bank', 'in-shop'])
  })
})

describe('when a pod lets its address go', () => {
  it('a finished pod releases the address that its status still shows', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'job', { addresses: ['10.0.1.1'], status: ready('True', '2026-11-22T10:00:06Z') })
    await watched(cluster)
    setStatus(cluster.api, 'job', 'shop', {
      phase: 'Succeeded',
      containerStatuses: [
        { state: { terminated: { finishedAt: '2026-11-22T10:01:00Z' } } },
        { state: { terminated: { finishedAt: '2026-11-22T10:02:00Z' } } },
      ],
    })
    await waitUntil('it has ended', () => cluster.book.holding().length === 0)
    expect(cluster.book.pod('job')).toMatchObject({
      from: at('2026-11-22T10:00:06Z'),
      until: at('2026-11-22T10:02:00Z'),
    })
    setStatus(cluster.api, 'job', 'shop', ready('False', '2026-11-22T10:02:01Z'))
    await waitUntil(
      'the condition counts',
      () => cluster.book.pod('job')!.until === at('2026-11-22T10:02:01Z'),
    )
    cluster.api.delete('pods', 'shop/job')
    makePod(cluster.api, 'next', { addresses: ['10.0.1.1'] })
    await waitUntil('the next one is in', () => cluster.book.pod('next') !== undefined)
    expect(cluster.book.pod('job')!.until).toBe(at('2026-11-22T10:02:01Z'))
  })

  it('a finished pod that says nothing of its end ended when that was first seen, whatever comes later', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'evicted', { addresses: ['10.0.1.1'] })
    await watched(cluster)
    setStatus(cluster.api, 'evicted', 'shop', { phase: 'Failed', reason: 'Evicted' })
    await waitUntil('it has ended', () => cluster.book.holding().length === 0)
    const first = cluster.book.pod('evicted')!
    await sleep(5)
    cluster.api.patch('pods', 'shop/evicted', { metadata: { labels: { app: 'x' } } })
    await waitUntil('the label is seen', () => cluster.book.pod('evicted')!.labels.size === 1)
    expect(cluster.book.pod('evicted')!.until).toBe(first.until)
  })

  it('a pod whose sandbox is stopped has ended, though it is still running by its phase', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'web', { addresses: ['10.0.1.1'], status: ready('True', '2026-11-22T10:00:06Z') })
    await watched(cluster)
    setStatus(cluster.api, 'web', 'shop', ready('False', '2026-11-22T10:07:00Z'))
    await waitUntil('it has ended', () => cluster.book.holding().length === 0)
    expect(cluster.book.pod('web')).toMatchObject({
      from: at('2026-11-22T10:00:06Z'),
      until: at('2026-11-22T10:07:00Z'),
    })
  })

  it('a deleted pod that says nothing of its end ended when it was seen to be gone', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'web', { addresses: ['10.0.1.1'] })
    await watched(cluster)
    const before = Date.now()
    cluster.api.delete('pods', 'shop/web', 0)
    await waitUntil('it has ended', () => cluster.book.holding().length === 0)
    expect(cluster.book.pod('web')!.until).toBeGreaterThanOrEqual(before)
    expect(cluster.book.pod('web')!.until).toBeLessThan(before + 2_000)
  })

  it('a deletion that is seen long after the pod had to be gone ends 30 s after that moment', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'web', { addresses: ['10.0.1.1'] })
    const later = Date.now() + 3_600_000
    await cluster.watch({ clock: () => later as UnixMillis })
    const pod = cluster.api.delete('pods', 'shop/web', 0)
    const { deletionTimestamp } = pod['metadata'] as { deletionTimestamp: string }
    await waitUntil('it has ended', () => cluster.book.holding().length === 0)
    expect(cluster.book.pod('web')!.until).toBe(at(deletionTimestamp) + 30_000)
  })

  it('a pod that vanishes unseen after it had to be gone ends 30 s after that moment too', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'web', { addresses: ['10.0.1.1'] })
    cluster.api.delete('pods', 'shop/web', 30)
    let now = Date.now()
    await cluster.watch({ clock: () => now as UnixMillis })
    await cluster.api.refuseConnections()
    const pod = cluster.api.delete('pods', 'shop/web', 0)
    cluster.api.store.compact()
    now += 3_600_000
    await cluster.api.listen()
    const { deletionTimestamp } = pod['metadata'] as { deletionTimestamp: string }
    await waitUntil('it has ended', () => cluster.book.holding().length === 0)
    expect(cluster.book.pod('web')!.until).toBe(at(deletionTimestamp) + 30_000)
  })

  it('what a deleted pod says in its last state is taken', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'web', { addresses: ['10.0.1.1'], status: ready('True', '2026-11-22T10:00:06Z') })
    await watched(cluster)
    const pod = structuredClone(cluster.api.patch('pods', 'shop/web', {}))
    const status = pod['status'] as Record<string, unknown>
    cluster.api.store.remove('pods', {
      ...pod,
      status: { ...status, ...ready('False', '2026-11-22T10:03:00Z') },
    })
    await waitUntil('it has ended', () => cluster.book.holding().length === 0)
    expect(cluster.book.pod('web')!.until).toBe(at('2026-11-22T10:03:00Z'))
  })

  it('a pod that comes back with another address after its node restarted keeps both intervals', async () => {
    const cluster = await testCluster()
    makePod(cluster.api, 'db-0', { addresses: ['10.0.1.1'], status: ready('True', '2026-11-22T10:00:06Z') })
    await watched(cluster)
    setStatus(cluster.api, 'db-0', 'shop', ready('False', '2026-11-22T10:05:00Z'))
    setStatus(cluster.api, 'db-0', 'shop', {
      podIP: '10.0.1.2',
      podIPs: [{ ip: '10.0.1.2' }],
      ...ready('True', '2026-11-22T10:06:00Z'),
    })
    await waitUntil(
      'the second address is in',
      () => cluster.book.holding().length === 1 && cluster.book.pods().length === 2,
    )
    const intervals = cluster.book.pods().map(line => [addressesOf(line)[0], line.from, line.until])
    expect(intervals.sort(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
      ['10.0.1.1', at('2026-11-22T10:00:06Z'), at('2026-11-22T10:05:00Z')],
      ['10.0.1.2', at('2026-11-22T10:06:00Z'), Infinity],
    ])
  })

  it('a node that is deleted or missing from a list is closed when that is seen', async () => {
    const cluster = await testCluster()
    for (const name of ['a', 'b', 'c'])
      cluster.api.create('nodes', nodeObject(name, `10.0.0.${name.charCodeAt(0)}`))
    await watched(cluster)
    cluster.api.delete('nodes', '/a')
    await waitUntil('a is closed', () => cluster.book.node('a')!.until !== Infinity)
    await cluster.api.refuseConnections()
    cluster.api.delete('nodes', '/b')
    cluster.api.store.compact()
    const before = Date.now()
    await cluster.api.listen()
    await waitUntil('b is closed', () => cluster.book.node('b')!.until !== Infinity)
    expect(cluster.book.node('b')!.until).toBeGreaterThanOrEqual(before)
    expect(cluster.book.node('c')!.until).toBe(Infinity)
  })
})

describe('what is behind a ReplicaSet', () => {
  it('is asked of the API once, where the name does not tell', async () => {
    const cluster = await testCluster()
    rollout(cluster)
    await watched(cluster)
    await waitUntil('all are named', () => cluster.book.pods().every(line => line.workload === 'Rollout/web'))
    expect(countOf(cluster, 'get', 'replicasets')).toBe(1)
    makePod(cluster.api, 'web-abc-5', {
      addresses: ['10.0.1.5'],
      owner: { kind: 'ReplicaSet', name: 'web-abc' },
    })
    await waitUntil('the fifth is in', () => cluster.book.pod('web-abc-5') !== undefined)
    expect(cluster.book.pod('web-abc-5')!.workload).toBe('Rollout/web')
    expect(countOf(cluster, 'get', 'replicasets')).toBe(1)
  })

  it('stays the ReplicaSet without the permission, with one warning', async () => {
    const cluster = await testCluster()
    cluster.api.anonymous = { name: 'recorder', may: ({ plural }) => plural !== 'replicasets' }
    rollout(cluster)
    makePod(cluster.api, 'api-def-1', {
      addresses: ['10.0.2.1'],
      owner: { kind: 'ReplicaSet', name: 'api-def' },
    })
    await watched(cluster)
    await waitUntil('it is said', () => cluster.warnings.length > 0)
    expect(cluster.book.pod('web-abc-1')!.workload).toBe('ReplicaSet/web-abc')
    expect(cluster.book.pod('api-def-1')!.workload).toBe('ReplicaSet/api-def')
    expect(cluster.warnings).toHaveLength(1)
    expect(cluster.warnings[0]).toContain('resources: ["replicasets"], verbs: ["get"]')
  })

  it('is in a snapshot', async () => {
    const cluster = await testCluster()
    rollout(cluster)
    await cluster.snapshot()
    expect(cluster.book.pods().map(line => line.workload)).toEqual(
      Array.from({ length: 4 }, () => 'Rollout/web'),
    )
  })
})

describe('a snapshot', () => {
  it('puts what is there in the place of what the book had', async () => {
    const cluster = await clusterOfTen()
    await cluster.snapshot()
    expect(cluster.book.holding()).toEqual(TEN)
    expect(cluster.book.pod('pod-0')!.zone).toBe('use2-az1')
    cluster.api.delete('pods', 'shop/pod-0', 0)
    makePod(cluster.api, 'new', { addresses: ['10.0.2.1'] })
    await cluster.snapshot()
    expect(cluster.book.holding()).toEqual(['new', ...TEN.slice(1)])
    expect(countOf(cluster, 'watch')).toBe(0)
  })

  it('takes the inconsistent rest of a list that expires in the middle of paging', async () => {
    const cluster = await clusterOfTen()
    let pages = 0
    cluster.api.faults.push(request => {
      if (request.verb === 'list' && request.plural === 'pods' && ++pages === 3) {
        makePod(cluster.api, 'z', { addresses: ['10.0.2.1'] })
        cluster.api.store.compact()
      }
      return null
    })
    await cluster.snapshot()
    expect(cluster.book.holding()).toEqual([...TEN, 'z'])
    expect(countOf(cluster, 'list')).toBe(5)
  })

  it('fails with the missing rule when it is forbidden', async () => {
    const cluster = await clusterOfTen()
    cluster.api.anonymous = { name: 'recorder', may: ({ plural }) => plural === 'nodes' }
    const failure = await cluster.snapshot().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RunError)
    expect(String(failure)).toContain('resources: ["pods"], verbs: ["list"]')
  })

  it('fails when new credentials are refused too, and works when they are not', async () => {
    const cluster = await clusterOfTen()
    cluster.access.token = 'old'
    await expect(cluster.snapshot()).rejects.toThrow('(401)')
    cluster.api.tokens.set('new', { name: 'recorder', may: () => true })
    cluster.access.nextToken = 'new'
    await cluster.snapshot()
    expect(cluster.book.holding()).toEqual(TEN)
  })

  it('fails after some attempts when the server is away', async () => {
    const cluster = await clusterOfTen()
    await cluster.api.refuseConnections()
    const failure = await cluster.snapshot().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RunError)
    expect(String(failure)).toContain('ECONNREFUSED')
    expect(String(failure)).toContain('Check that the server runs')
  })
})
