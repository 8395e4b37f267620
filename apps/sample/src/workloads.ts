// Which workloads a cluster of so many pods has, and how many pods each.
//
// Always there: the demo application (a `client` with one pod calls a `server` with two), a daemon on every node and
// jobs that come and go. The rest are StatefulSets of three and Deployments of all sizes, more and larger ones the
// larger the cluster.

import { APPLICATIONS, CRON_JOBS, STATEFUL_SETS, VARIANTS } from './names.ts'
import type { Random } from './random.ts'

export type Controller = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob'

export interface Workload {
  readonly namespace: string
  readonly controller: Controller
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** What it listens on. */
  readonly port: number
  /** Pods at a time. */
  readonly replicas: number
}

/** The fewest pods that hold one of each controller. */
export const LEAST_PODS = 20
const JOB_SHARE = 0.03
const STATEFUL_SHARE = 0.12
const STATEFUL_REPLICAS = 3
// A Deployment's size as a multiple of the usual one.
const SIZE_FACTORS = [0.2, 0.3, 0.5, 0.5, 0.8, 1, 1.5, 2, 3]
const PORTS = [8080, 8080, 80, 3000, 9090, 8443]

/** Replicas add up to `pods`, of which there are at least LEAST_PODS. The client comes first, then the server. */
export function planWorkloads(pods: number, nodes: number, random: Random): Workload[] {
  const workloads: Workload[] = [
    {
      namespace: 'default',
      controller: 'Deployment',
      name: 'client',
      labels: { app: 'client' },
      port: 8080,
      replicas: 1,
    },
    {
      namespace: 'default',
      controller: 'Deployment',
      name: 'server',
      labels: { app: 'server' },
      port: 80,
      replicas: 2,
    },
    {
      namespace: 'kube-system',
      controller: 'DaemonSet',
      name: 'fluent-bit',
      labels: { 'app.kubernetes.io/name': 'fluent-bit' },
      port: 2020,
      replicas: nodes,
    },
  ]
  let left = pods - 3 - nodes
  for (const workload of [...cronJobs(pods), ...statefulSets(pods)]) {
    workloads.push(workload)
    left -= workload.replicas
  }
  const names = shuffled(
    APPLICATIONS.flatMap(([namespace, applications]) => applications.map(name => ({ namespace, name }))),
    random,
  )
  const usual = Math.max(2, Math.sqrt(pods) / 2.5)
  for (let at = 0; left > 0; at++) {
    const round = Math.floor(at / names.length)
    const { namespace, name: plain } = names[at % names.length]!
    const name = `${plain}${VARIANTS[round] ?? `-${round}`}`
    const replicas = Math.min(left, Math.max(1, Math.round(usual * random.pick(SIZE_FACTORS))))
    const labels = labelsOf(at, namespace, name)
    workloads.push({ namespace, controller: 'Deployment', name, labels, port: random.pick(PORTS), replicas })
    left -= replicas
  }
  return workloads
}

function cronJobs(pods: number): Workload[] {
  const total = Math.max(1, Math.round(pods * JOB_SHARE))
  return CRON_JOBS.slice(0, total).map(([namespace, name], at, jobs) => ({
    namespace,
    controller: 'CronJob',
    name,
    labels: { app: name },
    port: 8080,
    replicas: Math.floor(total / jobs.length) + (at < total % jobs.length ? 1 : 0),
  }))
}

function statefulSets(pods: number): Workload[] {
  const sets = Math.max(1, Math.round((pods * STATEFUL_SHARE) / STATEFUL_REPLICAS))
  return Array.from({ length: sets }, (_, at) => {
    const [namespace, plain, port] = STATEFUL_SETS[at % STATEFUL_SETS.length]!
    const round = Math.floor(at / STATEFUL_SETS.length)
    const name = round === 0 ? plain : `${plain}-${round}`
    const labels = { 'app.kubernetes.io/name': plain, 'app.kubernetes.io/instance': name }
    return { namespace, controller: 'StatefulSet', name, labels, port, replicas: STATEFUL_REPLICAS }
  })
}

// Real clusters name their apps by one label, the other, both or none.
function labelsOf(at: number, namespace: string, name: string): Record<string, string> {
  switch (at % 6) {
    case 0:
    case 1:
    case 2:
      return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': namespace }
    case 3:
      return { app: name }
    case 4:
      return { app: `${name}-app`, 'app.kubernetes.io/name': name, tier: 'backend' }
    default:
      return {}
  }
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items]
  for (let at = result.length - 1; at > 0; at--) {
    const other = random.below(at + 1)
    const item = result[at]!
    result[at] = result[other]!
    result[other] = item
  }
  return result
}
