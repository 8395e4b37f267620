// A recorder's Kubernetes side on the API server for tests, with a book that remembers everything it was told.

import { LatestSightings, type AssignmentLine, type NodeLine, type PodLine } from '@zonetoll/assignments'
import { formatAddress, type UnixMillis, type ZoneId } from '@zonetoll/model'
import { onTestFinished } from 'vitest'

import type { KubeObject } from '../../../test/servers/kube-api-objects.ts'
import type { KubeWatch } from '../../../test/servers/kube-api-watch.ts'
import {
  startKubeApi,
  type KubeApi,
  type KubeApiOptions,
  type KubeFault,
  type KubeRequest,
} from '../../../test/servers/kube-api.ts'
import type { AssignmentBook, HolderKind } from '../src/assignment-book.ts'
import { saysTheSame } from '../src/book-line-content.ts'
import type { ClusterAccess } from '../src/cluster-access.ts'
import {
  snapshotCluster,
  watchCluster,
  type ClusterOptions,
  type WatchClusterOptions,
} from '../src/cluster-watch.ts'
import type { WatchTiming } from '../src/watch-timing.ts'

export const QUICK: WatchTiming = {
  pageSize: 3,
  watchMillis: [300_000, 600_000],
  watchSilenceMillis: 10_000,
  listSilenceMillis: 10_000,
  backoffMillis: [4, 40],
  forbiddenMillis: 40,
  nodesFirstMillis: 500,
  repeatMillis: 600_000,
}

/** What was said, in order; and, folded as a reader of the log folds it, what holds. */
export class RememberingBook implements AssignmentBook {
  readonly said: AssignmentLine[] = []
  readonly #latest = new Map<string, AssignmentLine>()

  put(line: AssignmentLine): void {
    const key = `${line.kind}/${line.uid}`
    const known = this.#latest.get(key)
    if (known !== undefined && !saysTheSame(known, line) && line.seen <= known.seen) {
      throw new Error(`${key} changed without having been seen later: ${known.seen}, ${line.seen}`)
    }
    this.#latest.set(key, line)
    this.said.push(line)
  }

  release(kind: HolderKind, uid: string, until: UnixMillis, seen: UnixMillis): void {
    const known = this.#latest.get(`${kind}/${uid}`)
    if (known === undefined || !('until' in known) || known.until <= until) return
    this.put({ ...known, until, seen })
  }

  replace(kind: AssignmentLine['kind'], lines: readonly AssignmentLine[], seen: UnixMillis): void {
    const listed = new Set(lines.map(line => line.uid))
    for (const line of this.#latest.values()) {
      if (line.kind !== kind || listed.has(line.uid) || !('until' in line)) continue
      this.release(line.kind, line.uid, seen, seen)
    }
    for (const line of lines) this.put(line)
  }

  folded(): AssignmentLine[] {
    const fold = new LatestSightings()
    for (const line of this.said) fold.add(line)
    return [...fold.lines()]
  }

  pods(): PodLine[] {
    return this.folded().filter(line => line.kind === 'pod')
  }

  nodes(): NodeLine[] {
    return this.folded().filter(line => line.kind === 'node')
  }

  /** Undefined while there is none. */
  pod(name: string): PodLine | undefined {
    return this.pods().find(line => line.name === name)
  }

  node(name: string): NodeLine | undefined {
    return this.nodes().find(line => line.name === name)
  }

  /** The names of the pods that hold an address. */
  holding(): string[] {
    return this.pods()
      .filter(line => line.until === Infinity)
      .map(line => line.name)
      .sort()
  }
}

export function addressesOf(line: PodLine | NodeLine | undefined): string[] {
  return (line?.addresses ?? []).map(formatAddress)
}

export class TestAccess implements ClusterAccess {
  readonly #api: KubeApi
  readonly clusterName = 'test'
  renewals = 0
  token: string | null = null
  /** What the next renewal brings. */
  nextToken: string | null = null

  constructor(api: KubeApi) {
    this.#api = api
  }

  get server(): URL {
    return new URL(this.#api.url)
  }

  authorize(): Promise<{ readonly headers: Record<string, string> }> {
    return Promise.resolve({ headers: this.token === null ? {} : { authorization: `Bearer ${this.token}` } })
  }

  renew(): void {
    this.renewals++
    if (this.nextToken !== null) this.token = this.nextToken
  }
}

export interface TestCluster {
  readonly api: KubeApi
  readonly access: TestAccess
  readonly book: RememberingBook
  readonly warnings: string[]
  readonly options: ClusterOptions
  /** Watches until the test ends; resolves when the book has everything. */
  watch(options?: Partial<WatchClusterOptions>): Promise<void>
  snapshot(options?: Partial<ClusterOptions>): Promise<void>
  /** Stops the watch and waits for its end. */
  stop(): Promise<void>
}

export async function testCluster(
  timing: Partial<WatchTiming> = {},
  apiOptions: KubeApiOptions = {},
): Promise<TestCluster> {
  const api = await startKubeApi(apiOptions)
  const access = new TestAccess(api)
  const book = new RememberingBook()
  const warnings: string[] = []
  const controller = new AbortController()
  const options: ClusterOptions = {
    access,
    book,
    zones: { idOf: name => (name.startsWith('us-east-2') ? (zoneIdOf(name) as ZoneId) : null) },
    namespaces: [],
    appLabels: ['app.kubernetes.io/name', 'app'],
    labels: ['team'],
    signal: controller.signal,
    clock: () => Date.now() as UnixMillis,
    warn: message => warnings.push(message),
    timing: { ...QUICK, ...timing },
  }
  let running: Promise<void> | null = null
  const stop = async () => {
    controller.abort()
    await running
  }
  onTestFinished(async () => {
    await stop()
    await api.close()
  })
  return {
    api,
    access,
    book,
    warnings,
    options,
    stop,
    watch: given =>
      new Promise((resolve, reject) => {
        running = watchCluster({ ...options, onSync: resolve, ...given })
        running.catch(reject)
      }),
    snapshot: given => snapshotCluster({ ...options, ...given }),
  }
}

// us-east-2a -> use2-az1
function zoneIdOf(name: string): string {
  return `use2-az${name.charCodeAt(name.length - 1) - 96}`
}

/** Waits until it holds; fails with what is asked for when it doesn't within 10 s. */
export async function waitUntil(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

export function nodeObject(
  name: string,
  address: string,
  zoneName: string | null = 'us-east-2a',
): KubeObject {
  return {
    metadata: {
      name,
      ...(zoneName === null ? {} : { labels: { 'topology.kubernetes.io/zone': zoneName } }),
    },
    spec: { providerID: zoneName === null ? 'other://x' : `aws:///${zoneName}/i-0${hexOf(name)}` },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
    },
  }
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex').slice(0, 16)
}

export interface PodShape {
  readonly namespace?: string
  readonly node?: string
  readonly addresses?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly owner?: { readonly kind: string; readonly name: string }
  readonly status?: KubeObject
  readonly hostNetwork?: boolean
}

/** Makes a pod that runs, unless its status says otherwise. */
export function makePod(api: KubeApi, name: string, shape: PodShape = {}): KubeObject {
  const { namespace = 'shop', node = 'node-1', addresses = [], labels = {}, owner, hostNetwork } = shape
  api.create('pods', {
    metadata: {
      name,
      namespace,
      labels,
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [
              { apiVersion: 'apps/v1', ...owner, uid: `uid of ${owner.name}`, controller: true },
            ],
          }),
    },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      nodeName: node,
      ...(hostNetwork === true ? { hostNetwork } : {}),
    },
  })
  return setStatus(api, name, namespace, {
    phase: 'Running',
    startTime: '2026-11-22T10:00:05Z',
    ...(addresses.length === 0 ? {} : { podIP: addresses[0], podIPs: addresses.map(ip => ({ ip })) }),
    ...shape.status,
  })
}

export function setStatus(api: KubeApi, name: string, namespace: string, status: KubeObject): KubeObject {
  return api.patch('pods', `${namespace}/${name}`, { status }, true)
}

export function ready(status: 'True' | 'False', at: string): KubeObject {
  return { conditions: [{ type: 'PodReadyToStartContainers', status, lastTransitionTime: at }] }
}

// The fault happens to the first `times` requests of the kind.
export function failFirst(
  { api }: TestCluster,
  verb: string,
  times: number,
  fault: KubeFault,
  which: (request: KubeRequest) => boolean = request => request.plural === 'pods',
): { left: number } {
  const state = { left: times }
  api.faults.push(request => {
    if (request.verb !== verb || !which(request) || state.left === 0) return null
    state.left--
    return fault
  })
  return state
}

export function countOf({ api }: TestCluster, verb: string, plural = 'pods'): number {
  return api.requests.filter(request => request.verb === verb && request.plural === plural).length
}

export function podWatch({ api }: TestCluster): KubeWatch | undefined {
  return [...api.watches].find(watch => watch.plural === 'pods')
}

export async function watched(cluster: TestCluster): Promise<void> {
  await cluster.watch()
  await waitUntil('pods are watched', () => podWatch(cluster) !== undefined)
}

// Ten pods, so that a list has several pages of three.
export async function clusterOfTen(timing: Parameters<typeof testCluster>[0] = {}): Promise<TestCluster> {
  const cluster = await testCluster(timing)
  cluster.api.create('nodes', nodeObject('node-1', '10.0.0.1'))
  for (let pod = 0; pod < 10; pod++) makePod(cluster.api, `pod-${pod}`, { addresses: [`10.0.1.${pod}`] })
  return cluster
}

export const TEN = Array.from({ length: 10 }, (_item, pod) => `pod-${pod}`)
