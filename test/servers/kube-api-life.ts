// A cluster that lives on the API server for tests: pods come, run, finish and are deleted at a rate, addresses pass
// from one to the next, and what truly held which address when is written down.
//
// Each change is one write, as a kubelet or a controller would make it:
//
//   create ─> running with an address ─┬─> marked for deletion ─> sandbox stopped ─> gone       graceful
//                                      ├─> finished, all containers ended ─────────> gone       a Job's
//                                      └─> gone at once                                         forced: nothing says when
//
// Some clusters' kubelets write no condition PodReadyToStartContainers: a share of the pods has none. Times have whole
// seconds, as the API's have.

import { textMember, type KubeObject } from './kube-api-objects.ts'
import type { KubeApi } from './kube-api.ts'

export interface LifeOptions {
  readonly seed: number
  readonly nodes: number
  /** About how many pods there are at a time. */
  readonly pods: number
}

/** What truly was: one address held by one pod. Times in Unix milliseconds. */
export interface TrueInterval {
  readonly uid: string
  readonly name: string
  readonly address: string
  readonly from: number
  /** Null where it holds. */
  until: number | null
  /** Whether its object says when it ended; else only its deletion tells. */
  endIsTold: boolean
  /** When its address, and its end, were written. */
  readonly writtenAt: number
  goneAt: number | null
}

interface LivingPod {
  readonly name: string
  readonly key: string
  readonly tells: boolean
  stage: 'pending' | 'running' | 'terminating' | 'stopped' | 'finished'
  interval: TrueInterval | null
}

export class ClusterLife {
  readonly intervals = new Map<string, TrueInterval>()
  readonly #api: KubeApi
  readonly #options: LifeOptions
  readonly #living: LivingPod[] = []
  readonly #free: string[] = []
  readonly #random: () => number
  #addresses = 0
  #names = 0
  changes = 0

  constructor(api: KubeApi, options: LifeOptions) {
    this.#api = api
    this.#options = options
    this.#random = seeded(options.seed)
    for (let node = 0; node < options.nodes; node++) {
      const zone = `us-east-2${'abc'[node % 3]!}`
      api.create('nodes', {
        metadata: { name: nodeName(node), labels: { 'topology.kubernetes.io/zone': zone } },
        spec: { providerID: `aws:///${zone}/i-0${node.toString(16).padStart(8, '0')}` },
        status: { addresses: [{ type: 'InternalIP', address: `10.255.${node >> 8}.${node & 255}` }] },
      })
    }
    while (this.#living.length < options.pods) {
      this.#run(this.#create())
    }
    this.changes = 0
  }

  /** Makes one change. */
  step(): void {
    this.changes++
    const at = Math.floor(this.#random() * this.#living.length)
    const pod = this.#living[at]
    // Keeps about as many as there shall be.
    if (
      pod === undefined ||
      this.#random() * 2 * this.#options.pods > this.#living.length + this.#options.pods / 2
    ) {
      this.#create()
      return
    }
    switch (pod.stage) {
      case 'pending':
        return this.#run(pod)
      case 'running':
        return this.#leave(pod, at)
      case 'terminating':
        return this.#stop(pod)
      default:
        return this.#remove(pod, at)
    }
  }

  #create(): LivingPod {
    const number = this.#names++
    const workload = number % 97
    const name = `app-${workload}-7d9f8b6c5-${number.toString(36).padStart(6, '0')}`
    this.#api.create('pods', {
      metadata: {
        name,
        namespace: `team-${workload % 7}`,
        labels: { app: `app-${workload}`, 'pod-template-hash': '7d9f8b6c5' },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'ReplicaSet',
            name: `app-${workload}-7d9f8b6c5`,
            uid: `rs-${workload}`,
            controller: true,
          },
        ],
      },
      spec: {
        containers: [{ name: 'c', image: 'registry.example/app:1' }],
        nodeName: nodeName(Math.floor(this.#random() * this.#options.nodes)),
      },
    })
    const tells = this.#random() < 0.7
    const key = `team-${workload % 7}/${name}`
    const pod: LivingPod = { name, key, tells, stage: 'pending', interval: null }
    this.#living.push(pod)
    return pod
  }

  #run(pod: LivingPod): void {
    const address = this.#free.shift() ?? this.#newAddress()
    const now = wholeSecond()
    const object = this.#write(pod, {
      phase: 'Running',
      hostIP: '10.255.0.1',
      podIP: address,
      podIPs: [{ ip: address }],
      startTime: textOf(now - 3_000),
      ...conditions(pod, 'True', now),
    })
    const uid = textMember(object, 'metadata', 'uid')
    pod.stage = 'running'
    pod.interval = {
      uid,
      name: pod.name,
      address,
      from: pod.tells ? now : now - 3_000,
      until: null,
      endIsTold: false,
      writtenAt: Date.now(),
      goneAt: null,
    }
    this.intervals.set(uid, pod.interval)
  }

  #leave(pod: LivingPod, at: number): void {
    const way = this.#random()
    if (way < 0.4) {
      this.#api.delete('pods', pod.key, 30)
      pod.stage = 'terminating'
    } else if (way < 0.8) {
      const now = wholeSecond()
      this.#write(pod, {
        phase: way < 0.6 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ state: { terminated: { finishedAt: textOf(now) } } }],
      })
      this.#ended(pod, now, true)
      pod.stage = 'finished'
    } else {
      this.#ended(pod, Date.now(), false)
      this.#remove(pod, at)
    }
  }

  #stop(pod: LivingPod): void {
    const now = wholeSecond()
    const containerStatuses = [{ state: { terminated: { finishedAt: textOf(now) } } }]
    this.#write(pod, { phase: 'Succeeded', containerStatuses, ...conditions(pod, 'False', now) })
    this.#ended(pod, now, true)
    pod.stage = 'stopped'
  }

  #remove(pod: LivingPod, at: number): void {
    this.#api.delete('pods', pod.key, 0)
    if (pod.interval !== null) {
      pod.interval.goneAt = Date.now()
      this.#free.push(pod.interval.address)
    }
    this.#living[at] = this.#living.at(-1)!
    this.#living.pop()
  }

  #ended({ interval }: LivingPod, until: number, endIsTold: boolean): void {
    interval!.until = Math.max(interval!.from, until)
    interval!.endIsTold = endIsTold
  }

  #write(pod: LivingPod, status: KubeObject): KubeObject {
    return this.#api.patch('pods', pod.key, { status }, true)
  }

  #newAddress(): string {
    const number = this.#addresses++
    return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
  }
}

function conditions({ tells }: LivingPod, status: string, at: number): KubeObject {
  if (!tells) return {}
  return { conditions: [{ type: 'PodReadyToStartContainers', status, lastTransitionTime: textOf(at) }] }
}

function nodeName(node: number): string {
  return `ip-10-255-${node >> 8}-${node & 255}.us-east-2.compute.internal`
}

function wholeSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000
}

function textOf(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19)}Z`
}

/** Numbers in [0, 1), the same for a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
