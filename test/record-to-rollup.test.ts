/**
 * End to end: a cluster lives for an hour and a bit of made-up time on the API server for tests, the recorder watches it
 * and writes the assignment log, flow logs are written of what its pods sent each other, and pnpm start rolls the hour
 * up. The totals must be those the simulation knows, although addresses pass from pod to pod within the hour.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { UnixMillis, ZoneId } from '@zonetoll/model'
import { openLocation } from '@zonetoll/objects'
import { readRollup } from '@zonetoll/parquet'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { InMemoryBook } from '../apps/recorder/src/book-in-memory.ts'
import { watchCluster } from '../apps/recorder/src/cluster-watch.ts'
import { recordContinuously } from '../apps/recorder/src/log-session.ts'
import { QUICK, TestAccess, waitUntil } from '../apps/recorder/test/cluster-fixture.ts'
import {
  CLUSTER,
  HOUR,
  HOUR_TEXT,
  objectKey,
  objectOf,
  PARTITION,
  record,
  SLOT,
  writeFiles,
} from './support/data-set.ts'
import { Seeded } from './support/seeded.ts'
import { textMember } from './servers/kube-api-objects.ts'
import { startKubeApi, type KubeApi } from './servers/kube-api.ts'

const NODES = 6
const PODS = 60
/** Ten minutes before the hour, in seconds from its begin; and a minute after its end. */
const BEGIN = -600
const END = 3_660
const STEP = 20

interface TruePod {
  readonly name: string
  readonly uid: string
  readonly address: string
  readonly node: number
  readonly from: number
  until: number
}

const root = await mkdtemp(join(tmpdir(), 'zonetoll-record-to-rollup-'))
const random = new Seeded(7)
const pods: TruePod[] = []
const warnings: string[] = []
let api: KubeApi
let now = BEGIN

const clock = () => ((HOUR + now) * 1000) as UnixMillis
const timeText = (seconds: number) => `${new Date((HOUR + seconds) * 1000).toISOString().slice(0, 19)}Z`
const nodeName = (node: number) => `node-${node}`
const zoneOf = (node: number) => `use2-az${(node % 3) + 1}`
const instanceOf = (node: number) => `i-0${node}`

beforeAll(async () => {
  api = await startKubeApi()
  for (let node = 0; node < NODES; node++) {
    api.create('nodes', {
      metadata: { name: nodeName(node), labels: { 'topology.k8s.aws/zone-id': zoneOf(node) } },
      spec: { providerID: `aws:///us-east-2x/${instanceOf(node)}` },
      status: { addresses: [{ type: 'InternalIP', address: `10.9.0.${node}` }] },
    })
  }
  await liveAndRecord()
  await writeFlowLogs()
  const main = new URL('../apps/worker/src/main.ts', import.meta.url).pathname
  const places = ['logs', 'assignments', 'rollups'].flatMap(place => [`--${place}`, join(root, place)])
  await promisify(execFile)(process.execPath, [main, '--hour', HOUR_TEXT, ...places])
}, 120_000)

afterAll(async () => {
  await api.close()
  await rm(root, { recursive: true })
})

test('every pair of pods has the bytes that it sent across zones, and no other pair is there', async () => {
  const found = new Map<string, number>()
  const file = await open(join(root, 'rollups', PARTITION, 'rollup.parquet'))
  const { size } = await file.stat()
  const slice = async (first: number, last = size) => {
    const bytes = new Uint8Array(last - first)
    await file.read(bytes, 0, bytes.length, first)
    return bytes.buffer
  }
  for await (const { source, destination, bytes } of readRollup({ byteLength: size, slice })) {
    expect([source.kind, destination.kind, source.namespace]).toEqual(['pod', 'pod', 'shop'])
    found.set(`${source.name} ${source.zone} ${destination.name} ${destination.zone}`, bytes)
  }
  await file.close()
  expect(found.size).toBeGreaterThan(500)
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(sent))
})

test('the hour had what makes it hard: addresses that several pods held, pods born and gone in it', () => {
  const holders = Map.groupBy(
    pods.filter(pod => pod.until > 0 && pod.from < 3_600),
    pod => pod.address,
  )
  expect([...holders.values()].filter(several => several.length > 1).length).toBeGreaterThan(20)
  expect(pods.filter(pod => pod.from > 0 && pod.until < 3_600).length).toBeGreaterThan(50)
  expect(warnings).toEqual([])
})

// One step after another: the cluster changes, and time goes on when the recorder has heard of it.
async function liveAndRecord(): Promise<void> {
  const stop = new AbortController()
  let book: InMemoryBook | undefined
  const session = {
    location: openLocation(join(root, 'assignments')),
    cluster: CLUSTER,
    spill: join(root, 'spill'),
    namespaces: [],
    flushMillis: 5,
    inventory: null,
    clock,
    warn: (message: string) => warnings.push(message),
    say: () => {},
  }
  let synced = false
  const recording = recordContinuously(
    session,
    async (given, zones, signal) => {
      book = given
      await watchCluster({
        access: new TestAccess(api),
        book,
        zones: zones ?? { idOf: () => null as ZoneId | null },
        namespaces: [],
        appLabels: ['app'],
        labels: [],
        signal,
        clock,
        warn: session.warn,
        timing: QUICK,
        onSync: () => {
          synced = true
        },
      })
    },
    stop.signal,
  )
  await waitUntil('the recorder has seen the cluster', () => synced)
  const free: string[] = []
  const living: TruePod[] = []
  for (; now <= END; now += STEP) {
    const changed: TruePod[] = []
    for (let times = random.int(4); times > 0 && living.length > PODS / 2; times--) {
      const pod = living.splice(random.int(living.length), 1)[0]!
      end(pod)
      free.push(pod.address)
      changed.push(pod)
    }
    const wanted = now === BEGIN ? PODS : Math.min(PODS, living.length + random.int(4))
    while (living.length < wanted) {
      // The one that was let go first, as the CNI does, though it may have been this very moment.
      const address = free.length > 8 ? free.shift()! : `10.0.${pods.length >> 8}.${pods.length & 255}`
      const pod = begin(address)
      living.push(pod)
      pods.push(pod)
      changed.push(pod)
    }
    await waitUntil('the recorder has heard of it', () => changed.every(pod => isKnown(book!, pod)))
    // A flush or two, so that partitions are written as the hours go by.
    await new Promise(resolve => setTimeout(resolve, 8))
  }
  stop.abort()
  const { problem } = await recording
  expect(problem).toBeNull()
}

function isKnown(book: InMemoryBook, pod: TruePod): boolean {
  const line = book.line('pod', pod.uid)
  // What is over and written is forgotten.
  if (line === null || !('until' in line)) return pod.until !== Infinity
  return pod.until === Infinity || line.until !== Infinity
}

function begin(address: string): TruePod {
  const number = pods.length
  const node = random.int(NODES)
  const name = `app-${number % 9}-${number}`
  api.create('pods', {
    metadata: { name, namespace: 'shop', labels: { app: `app-${number % 9}` } },
    spec: { containers: [{ name: 'c', image: 'registry.example/app:1' }], nodeName: nodeName(node) },
  })
  const condition = { type: 'PodReadyToStartContainers', status: 'True', lastTransitionTime: timeText(now) }
  const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }], conditions: [condition] }
  const object = api.patch('pods', `shop/${name}`, { status }, true)
  return { name, uid: textMember(object, 'metadata', 'uid'), address, node, from: now, until: Infinity }
}

// Half of them say themselves when they ended; of the others only their deletion tells.
function end(pod: TruePod): void {
  pod.until = now
  const key = `shop/${pod.name}`
  if (random.chance(0.5)) {
    const condition = {
      type: 'PodReadyToStartContainers',
      status: 'False',
      lastTransitionTime: timeText(now),
    }
    api.patch('pods', key, { status: { phase: 'Succeeded', conditions: [condition] } }, true)
  }
  api.delete('pods', key, 0)
}

const sent = new Map<string, number>()

// Records of 0 to 15 s inside the time in which both ends held their addresses; some are other hours', some same-zone.
async function writeFlowLogs(): Promise<void> {
  const slots = new Map<number, string[]>()
  for (let made = 0; made < 12_000;) {
    const [from, to] = [random.pick(pods), random.pick(pods)]
    const first = Math.max(from.from, to.from, BEGIN + 300)
    const last = Math.min(from.until, to.until, END) - 16
    if (from === to || last <= first) continue
    made++
    const start = first + random.int(last - first)
    const stop = start + random.int(16)
    const bytes = 40 + random.int(100_000)
    const slot = HOUR + Math.floor(stop / SLOT) * SLOT
    const line = record({
      from: from.address,
      to: to.address,
      instance: instanceOf(from.node),
      zone: zoneOf(from.node),
      interface: `eni-${from.node}`,
      bytes,
      start,
    }).replace(/ \d+ ACCEPT/, ` ${HOUR + stop} ACCEPT`)
    slots.set(slot, [...(slots.get(slot) ?? []), line])
    if (start < 0 || start >= 3_600 || zoneOf(from.node) === zoneOf(to.node)) continue
    const pair = `${from.name} ${zoneOf(from.node)} ${to.name} ${zoneOf(to.node)}`
    sent.set(pair, (sent.get(pair) ?? 0) + bytes)
  }
  const files = new Map([...slots].map(([slot, lines]) => [objectKey({ slot }), objectOf(lines)]))
  await writeFiles(join(root, 'logs'), files)
}
