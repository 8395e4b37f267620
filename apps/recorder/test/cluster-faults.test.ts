// What can go wrong between the recorder and the API server: after each of these it goes on, and has missed nothing.

import { setTimeout as sleep } from 'node:timers/promises'

import type { UnixMillis } from '@zonetoll/model'
import { describe, expect, it } from 'vitest'

import type { KubeFault } from '../../../test/servers/kube-api.ts'
import {
  clusterOfTen,
  countOf,
  failFirst,
  makePod,
  podWatch,
  ready,
  setStatus,
  TEN,
  testCluster,
  waitUntil,
  watched,
  type TestCluster,
} from './cluster-fixture.ts'

async function expectRelisted(cluster: TestCluster): Promise<void> {
  await waitUntil('it lists anew', () => cluster.book.pod('meanwhile') !== undefined)
  expect(countOf(cluster, 'list')).toBeGreaterThan(4)
  expect(cluster.book.holding()).toEqual(['meanwhile', ...TEN.slice(1)])
  makePod(cluster.api, 'late', { addresses: ['10.0.2.2'] })
  await waitUntil('it watches again', () => cluster.book.pod('late') !== undefined)
}

function meanwhile({ api }: TestCluster): void {
  makePod(api, 'meanwhile', { addresses: ['10.0.2.1'] })
  api.delete('pods', 'shop/pod-0', 0)
  api.store.compact()
}

describe('a watch goes on', () => {
  it('when the server ends it, from the version it has', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    podWatch(cluster)!.end()
    makePod(cluster.api, 'meanwhile', { addresses: ['10.0.2.1'] })
    await waitUntil('the change is in', () => cluster.book.pod('meanwhile') !== undefined)
    expect(countOf(cluster, 'list')).toBe(4)
  })

  it('when its time is over, again and again', async () => {
    const cluster = await testCluster({ watchMillis: [1_000, 1_000] }, { secondMillis: 20 })
    await watched(cluster)
    await waitUntil('the fifth watch', () => countOf(cluster, 'watch') >= 5)
    makePod(cluster.api, 'late', { addresses: ['10.0.2.1'] })
    await waitUntil('the change is in', () => cluster.book.pod('late') !== undefined)
    expect(countOf(cluster, 'list')).toBe(1)
  })

  it('when the connection is reset in the middle of a line', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    podWatch(cluster)!.resetInLine()
    makePod(cluster.api, 'cut', { addresses: ['10.0.2.1'] })
    await waitUntil('the change is in', () => cluster.book.pod('cut') !== undefined)
    expect(countOf(cluster, 'list')).toBe(4)
  })

  it('when it falls silent', async () => {
    const cluster = await testCluster({ watchSilenceMillis: 60 })
    await watched(cluster)
    podWatch(cluster)!.fallSilent()
    makePod(cluster.api, 'unheard', { addresses: ['10.0.2.1'] })
    await waitUntil('the change is in', () => cluster.book.pod('unheard') !== undefined)
    expect(countOf(cluster, 'list')).toBe(1)
  })

  it('from a bookmark, so that a quiet kind outlives the compaction of the rest', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    cluster.api.store.advance(1_000)
    podWatch(cluster)!.bookmark()
    await sleep(20)
    cluster.api.store.compact()
    podWatch(cluster)!.reset()
    makePod(cluster.api, 'late', { addresses: ['10.0.2.1'] })
    await waitUntil('the change is in', () => cluster.book.pod('late') !== undefined)
    expect(countOf(cluster, 'list')).toBe(4)
  })

  it('when the server is away and comes back', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    await cluster.api.refuseConnections()
    makePod(cluster.api, 'meanwhile', { addresses: ['10.0.2.1'] })
    await waitUntil('it is said', () => cluster.warnings.some(text => text.includes("can't watch pods at")))
    await cluster.api.listen()
    await waitUntil('the change is in', () => cluster.book.pod('meanwhile') !== undefined)
    expect(countOf(cluster, 'list')).toBe(4)
    expect(cluster.warnings.filter(text => text.includes("can't watch pods at"))).toHaveLength(1)
    podWatch(cluster)!.bookmark()
    await waitUntil('the end of it is said', () =>
      cluster.warnings.some(text => text === 'pods: the watch works again'),
    )
  })

  it('when the server is away from the start', async () => {
    const cluster = await clusterOfTen()
    await cluster.api.refuseConnections()
    const synced = cluster.watch()
    await waitUntil('it is said', () => cluster.warnings.some(text => text.includes('ECONNREFUSED')))
    await cluster.api.listen()
    await synced
    expect(cluster.book.holding()).toEqual(TEN)
  })

  for (const status of [500, 502, 503, 504]) {
    it(`after a ${status} to a list, to a page and to a watch`, async () => {
      const cluster = await clusterOfTen()
      failFirst(cluster, 'list', 2, { kind: 'status', status })
      failFirst(cluster, 'list', 2, { kind: 'status', status }, request => request.query.has('continue'))
      failFirst(cluster, 'watch', 2, { kind: 'status', status })
      await watched(cluster)
      expect(cluster.book.holding()).toEqual(TEN)
      // A page that fails is asked for again, not the whole list.
      expect(countOf(cluster, 'list')).toBe(2 + 2 + 4)
    })
  }

  it('after a 429 not before Retry-After', async () => {
    const cluster = await clusterOfTen()
    const fault: KubeFault = { kind: 'status', status: 429, reason: 'TooManyRequests', retryAfter: 1 }
    failFirst(cluster, 'list', 1, fault)
    failFirst(cluster, 'list', 1, fault, request => request.query.has('continue'))
    const begun = performance.now()
    await watched(cluster)
    expect(performance.now() - begun).toBeGreaterThan(1_990)
    expect(cluster.book.holding()).toEqual(TEN)
  })

  it('after a list whose body is cut, and one that never answers', async () => {
    const cluster = await clusterOfTen({ listSilenceMillis: 80 })
    failFirst(cluster, 'list', 1, { kind: 'resetInBody' })
    failFirst(cluster, 'list', 1, { kind: 'silence' })
    failFirst(cluster, 'list', 1, { kind: 'reset' }, request => request.query.has('continue'))
    await watched(cluster)
    expect(cluster.book.holding()).toEqual(TEN)
  })

  it('with a new list after a line that is no JSON', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    podWatch(cluster)!.raw('{"type":"MODIFIED","object":{"kind"')
    await waitUntil('it lists anew', () => countOf(cluster, 'list') === 8)
    makePod(cluster.api, 'late', { addresses: ['10.0.2.1'] })
    await waitUntil('the change is in', () => cluster.book.pod('late') !== undefined)
  })

  it('with a new list when the versions go back, as after a restored backup', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    podWatch(cluster)!.raw('{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"3"}}}')
    await waitUntil('it lists anew', () => countOf(cluster, 'list') === 8)
  })

  it('and takes an object that is no pod for none', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    const version = String(cluster.api.store.version)
    for (const metadata of [
      {},
      { uid: 7, name: [], namespace: null },
      { uid: 'u', name: 'n', namespace: 'm' },
    ]) {
      podWatch(cluster)!.raw(
        JSON.stringify({
          type: 'ADDED',
          object: {
            metadata: { ...metadata, resourceVersion: version },
            spec: 3,
            status: { podIPs: [null, 4, { ip: 5 }], conditions: {} },
          },
        }),
      )
    }
    makePod(cluster.api, 'late', { addresses: ['10.0.2.1'] })
    await waitUntil('the change is in', () => cluster.book.pod('late') !== undefined)
    expect(countOf(cluster, 'list')).toBe(4)
  })

  it('and a bookmark says of what is unchanged that it still holds', async () => {
    const cluster = await clusterOfTen()
    let now = Date.now()
    await cluster.watch({ clock: () => now as UnixMillis })
    await waitUntil('pods and nodes are watched', () => cluster.api.watches.size === 2)
    now += 60_000
    for (const watch of cluster.api.watches) watch.bookmark()
    const newest = (kind: string) =>
      Math.max(...cluster.book.said.filter(line => line.kind === kind).map(line => line.seen))
    await waitUntil('both are heard of', () => newest('pod') >= now && newest('node') >= now)
    expect(cluster.book.holding()).toEqual(TEN)
  })

  it('stops at once when it is told to, wherever it is', async () => {
    for (const kind of ['silence', 'refused', 'watching', 'forbidden'] as const) {
      const cluster = await clusterOfTen({ backoffMillis: [60_000, 60_000], forbiddenMillis: 60_000 })
      if (kind === 'silence') failFirst(cluster, 'list', Infinity, { kind: 'silence' })
      if (kind === 'forbidden') cluster.api.anonymous = { name: 'nobody', may: () => false }
      if (kind === 'refused') await cluster.api.refuseConnections()
      const synced = cluster.watch()
      if (kind === 'watching') await synced
      else await sleep(50)
      const begun = performance.now()
      await cluster.stop()
      expect(performance.now() - begun, kind).toBeLessThan(5_000)
    }
  })

  it('never says anything of a pod with an earlier `seen`, though the clock is set back', async () => {
    const cluster = await clusterOfTen()
    let now = Date.now() + 60_000
    // The book throws for a change that isn't seen later than what it had.
    await cluster.watch({ clock: () => (now -= 1_000) as UnixMillis })
    for (let turn = 0; turn < 5; turn++) {
      setStatus(
        cluster.api,
        'pod-3',
        'shop',
        ready(turn % 2 === 0 ? 'False' : 'True', `2026-11-22T10:0${turn}:06Z`),
      )
    }
    cluster.api.delete('pods', 'shop/pod-3', 0)
    await waitUntil('it has ended', () => !cluster.book.holding().includes('pod-3'))
    const { said } = cluster.book
    expect(said.every((line, place) => place === 0 || line.seen >= said[place - 1]!.seen - 100)).toBe(true)
  })
})

describe('history that is gone means a new list', () => {
  it('410 as the ERROR event of a watch', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    await cluster.api.refuseConnections()
    meanwhile(cluster)
    await cluster.api.listen()
    await expectRelisted(cluster)
  })

  it('410 as the HTTP status of a watch', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    await cluster.api.refuseConnections()
    meanwhile(cluster)
    failFirst(cluster, 'watch', 1, { kind: 'status', status: 410, reason: 'Expired' })
    await cluster.api.listen()
    await expectRelisted(cluster)
  })

  it('410 in the middle of a watch that runs', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    const watch = podWatch(cluster)!
    watch.raw('{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410}}')
    watch.fallSilent()
    meanwhile(cluster)
    await expectRelisted(cluster)
  })

  it('410 to a list', async () => {
    const cluster = await clusterOfTen()
    failFirst(cluster, 'list', 2, { kind: 'status', status: 410, reason: 'Expired' })
    await watched(cluster)
    expect(cluster.book.holding()).toEqual(TEN)
  })

  it('410 to a continue token: the list begins again, with larger pages', async () => {
    const cluster = await clusterOfTen()
    let pages = 0
    cluster.api.faults.push(request => {
      if (request.verb === 'list' && request.plural === 'pods' && ++pages === 3) meanwhile(cluster)
      return null
    })
    await watched(cluster)
    await expectRelisted(cluster)
    const limits = cluster.api.requests
      .filter(request => request.verb === 'list' && request.plural === 'pods')
      .map(request => request.query.get('limit'))
    expect(limits).toEqual(['3', '3', '3', '6', '6'])
  })

  it('504, a version too large: the list begins again', async () => {
    const cluster = await clusterOfTen()
    failFirst(cluster, 'watch', 1, { kind: 'status', status: 504, reason: 'Timeout', retryAfter: 0 })
    await watched(cluster)
    makePod(cluster.api, 'late', { addresses: ['10.0.2.2'] })
    await waitUntil('it watches again', () => cluster.book.pod('late') !== undefined)
  })

  it('what vanished unseen is closed when it is found gone', async () => {
    const cluster = await clusterOfTen()
    await watched(cluster)
    await cluster.api.refuseConnections()
    meanwhile(cluster)
    const before = Date.now()
    await cluster.api.listen()
    await waitUntil('the list is in', () => cluster.book.pod('meanwhile') !== undefined)
    expect(cluster.book.pod('pod-0')!.until).toBeGreaterThanOrEqual(before)
    expect(cluster.book.pod('pod-0')!.until).toBeLessThanOrEqual(Date.now())
  })
})

describe('being let in', () => {
  it('401: new credentials are got once, and nothing is said when they work', async () => {
    const cluster = await clusterOfTen()
    cluster.api.tokens.set('new', { name: 'recorder', may: () => true })
    cluster.access.token = 'old'
    cluster.access.nextToken = 'new'
    await watched(cluster)
    expect(cluster.access.renewals).toBeGreaterThan(0)
    expect(cluster.warnings).toEqual([])
  })

  it('401 in the end of a long watch: new credentials, and the watch goes on', async () => {
    const cluster = await clusterOfTen()
    cluster.api.tokens.set('old', { name: 'recorder', may: () => true })
    cluster.access.token = 'old'
    cluster.access.nextToken = 'new'
    await watched(cluster)
    cluster.api.tokens.clear()
    cluster.api.tokens.set('new', { name: 'recorder', may: () => true })
    for (const watch of cluster.api.watches) watch.end()
    makePod(cluster.api, 'late', { addresses: ['10.0.2.2'] })
    await waitUntil('it watches again', () => cluster.book.pod('late') !== undefined)
    expect(cluster.access.renewals).toBeGreaterThan(0)
    expect(countOf(cluster, 'list')).toBe(4)
  })

  it('401 with new credentials too: it says so, shows no token, and goes on trying', async () => {
    const cluster = await clusterOfTen()
    cluster.access.token = 'a-secret-token'
    const synced = cluster.watch()
    await waitUntil('it is said', () => cluster.warnings.some(text => text.includes('(401)')))
    expect(cluster.warnings.join(' ')).not.toContain('a-secret-token')
    cluster.api.tokens.set('a-secret-token', { name: 'recorder', may: () => true })
    await synced
    expect(cluster.book.holding()).toEqual(TEN)
  })

  it('403: names the verb, the resource and the rule that is missing, and goes on when it is granted', async () => {
    const cluster = await clusterOfTen()
    let granted = false
    cluster.api.anonymous = {
      name: 'recorder',
      may: ({ verb, plural }) => granted || plural === 'nodes' || verb === 'list',
    }
    await cluster.watch()
    await waitUntil('it is said', () => cluster.warnings.length > 0)
    expect(cluster.warnings).toHaveLength(1)
    expect(cluster.warnings[0]).toContain("can't watch pods at http://127.0.0.1")
    expect(cluster.warnings[0]).toContain('cannot watch resource "pods" in API group "" at the cluster scope')
    expect(cluster.warnings[0]).toContain(
      'a ClusterRole bound to this user or group with the rule apiGroups: [""], resources: ["pods"], verbs: ["watch"]',
    )
    granted = true
    makePod(cluster.api, 'late', { addresses: ['10.0.2.2'] })
    await waitUntil('it watches', () => cluster.book.pod('late') !== undefined)
  })

  it('403 in a namespace: names the namespace, and the others are recorded all the same', async () => {
    const cluster = await testCluster()
    for (const namespace of ['shop', 'bank'])
      makePod(cluster.api, `in-${namespace}`, { namespace, addresses: ['10.0.1.1'] })
    cluster.api.anonymous = { name: 'recorder', may: ({ namespace }) => namespace !== 'bank' }
    void cluster.watch({ namespaces: ['shop', 'bank'] })
    await waitUntil('one is in', () => cluster.book.pod('in-shop') !== undefined)
    await waitUntil('it is said', () => cluster.warnings.length > 0)
    expect(cluster.warnings[0]).toContain("can't list pods in namespace bank")
    expect(cluster.warnings[0]).toContain('a Role in namespace bank, or a ClusterRole, bound to')
  })

  it('403 for nodes: pods are recorded without zones', async () => {
    const cluster = await clusterOfTen()
    cluster.api.anonymous = { name: 'recorder', may: ({ plural }) => plural !== 'nodes' }
    void cluster.watch()
    await waitUntil('the pods are in', () => cluster.book.holding().length === 10)
    expect(cluster.book.pod('pod-0')!.zone).toBeNull()
    expect(cluster.warnings.some(text => text.includes('resources: ["nodes"]'))).toBe(true)
  })
})
