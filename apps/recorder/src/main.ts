// pnpm record: the assignment log of one cluster.

import {
  printable,
  printableJson,
  redacted,
  RunError,
  runCommand,
  UsageError,
  type Run,
} from '@zonetoll/command'
import { canonicalJson, formatCount, formatHour, type Json, type UnixMillis } from '@zonetoll/model'
import { listClusters, openLocation, StoreError, type Location } from '@zonetoll/objects'
import type { ClusterAccess } from './cluster-access.ts'
import { importCsv } from './csv-partition.ts'
import {
  recordContinuously,
  recordOnce,
  type SessionOptions,
  type SessionSummary,
  type Watch,
} from './log-session.ts'
import { readOptions, RECORD, type RecorderOptions } from './options.ts'
import { ageOf, formatAge, formatStatus, readStatus, statusJson } from './status-report.ts'

const clock = () => Date.now() as UnixMillis

await runCommand(RECORD, async (command, run) => {
  const options = readOptions(command)
  const location = locationOf(options.assignments)
  switch (options.mode) {
    case 'status':
      return await tellStatus(options, location, run)
    case 'from-csv':
      return await importPods(options, location, run)
    case 'once':
    case 'watch':
      return await recordCluster(options, location, run)
  }
})

async function recordCluster(options: RecorderOptions, location: Location, run: Run): Promise<void> {
  const access = await accessOf(options)
  const cluster = clusterOf(options, access)
  const session: SessionOptions = { ...options, location, cluster, clock, warn, say: sayer(options) }
  const { snapshotCluster, watchCluster } = await import('./cluster-watch.ts')
  const watch: Watch = async (book, zones, signal) => {
    // The time is asked for whenever something is seen of the cluster, be it nothing new.
    const hearing = () => {
      const now = clock()
      book.heard(now)
      return now
    }
    const reflect = options.mode === 'once' ? snapshotCluster : watchCluster
    await reflect({ ...options, access, book, zones, signal, clock: hearing, warn })
  }
  if (options.mode === 'once') {
    report(await recordOnce(session, watch, run.signal), options, cluster, run)
    return
  }
  sayer(options)(`recording cluster ${cluster} into ${location.uri}; stop with Ctrl-C or SIGTERM`)
  // Told to stop it still has to write, and then ends with the status of this run: nothing else may end the process.
  void run.uninterrupted(() => new Promise<never>(() => {}))
  report(await recordContinuously(session, watch, run.signal), options, cluster, run)
}

async function accessOf({ context, eksCluster, kubeconfig }: RecorderOptions): Promise<ClusterAccess> {
  if (eksCluster !== null) {
    const { eksAccess } = await import('./eks-access.ts')
    return await eksAccess({ cluster: eksCluster })
  }
  // The Kubernetes client, and credential plug-ins that it runs, take the path from there.
  if (kubeconfig !== null) process.env['KUBECONFIG'] = kubeconfig
  const { kubeConfigAccess } = await import('./kube-config-access.ts')
  return await kubeConfigAccess({ context: context ?? undefined, warn })
}

function clusterOf({ cluster }: RecorderOptions, access: ClusterAccess): string {
  const name = cluster ?? access.clusterName
  if (name === null) {
    throw new UsageError(
      "the cluster's name isn't known: name it with --cluster (a pod's service account doesn't tell it)",
    )
  }
  if (!/^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$/.test(name)) {
    throw new UsageError(
      `the kubeconfig calls the cluster ${JSON.stringify(name)}, which can't be a folder's name: name it with --cluster`,
    )
  }
  return name
}

function report(summary: SessionSummary, { json, mode }: RecorderOptions, cluster: string, run: Run): void {
  const { holding, object, problem } = summary
  const { pod, node, interface: interfaces, subnet } = holding
  if (json) {
    const value: Json = { cluster, object, problem, pods: pod, nodes: node, interfaces, subnets: subnet }
    process.stdout.write(`${printableJson(canonicalJson(value))}\n`)
  } else if (mode === 'once') {
    const counts = `${formatCount(pod)} pods, ${formatCount(node)} nodes, ${formatCount(interfaces)} interfaces, ${formatCount(subnet)} subnets`
    process.stdout.write(
      `${cluster}: ${counts}; written to ${object === null ? 'nothing' : printable(object)}\n`,
    )
  }
  if (problem === null) return
  // An interrupted run says no more than that it was.
  if (run.signal.aborted) warn(problem)
  throw new RunError(problem)
}

async function tellStatus(options: RecorderOptions, location: Location, run: Run): Promise<void> {
  const cluster = await knownCluster(options, location, run)
  const status = await readStatus(clock(), { location, cluster, warn, signal: run.signal })
  const now = clock()
  process.stdout.write(
    options.json
      ? `${printableJson(canonicalJson(statusJson(status, now, options.staleMillis)))}\n`
      : `${formatStatus(status, now)}\n`,
  )
  const age = ageOf(status, now)
  if (age <= options.staleMillis) return
  const found =
    age === Infinity ? 'no pod or node was seen in the last day' : `the newest line is ${formatAge(age)} old`
  throw new RunError(
    `${found}, more than --stale allows (${formatAge(options.staleMillis)}): is pnpm record running, and does it reach the cluster and the log?`,
  )
}

async function importPods(options: RecorderOptions, location: Location, run: Run): Promise<void> {
  const cluster = await knownCluster(options, location, run)
  const imported = await importCsv({
    file: options.fromCsv!,
    location,
    cluster,
    hours: options.hours,
    zoneMap: options.zoneMap,
    askEc2: options.inventory !== null,
    now: clock(),
    warn,
    signal: run.signal,
  })
  if (options.json) {
    const hours = imported.map(({ hour, pods, uri }) => ({ hour: formatHour(hour), pods, uri }))
    process.stdout.write(`${printableJson(canonicalJson({ cluster, hours }))}\n`)
    return
  }
  for (const { hour, pods, uri } of imported) {
    process.stdout.write(`${formatHour(hour)}: ${formatCount(pods)} pods, written to ${printable(uri)}\n`)
  }
}

// Where no cluster is reached its name comes from the option, else from the log, if that has only one.
async function knownCluster({ cluster }: RecorderOptions, location: Location, run: Run): Promise<string> {
  if (cluster !== null) return cluster
  const clusters = await clustersIn(location, run)
  if (clusters.length === 1) return clusters[0]!
  const found = clusters.length === 0 ? 'has none yet' : `has ${clusters.length} (${clusters.join(', ')})`
  throw new UsageError(`which cluster? The log ${location.uri} ${found}: name it with --cluster`)
}

async function clustersIn(location: Location, run: Run): Promise<string[]> {
  try {
    return await listClusters(location, { signal: run.signal })
  } catch (error) {
    if (error instanceof StoreError && error.reason === 'missingFolder') return []
    throw error
  }
}

function locationOf(uri: string): Location {
  try {
    return openLocation(uri)
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    throw new UsageError(`--assignments: ${cause.message}`, { cause })
  }
}

function warn(message: string): void {
  process.stderr.write(`warning: ${printable(redacted(message))}\n`)
}

function sayer({ quiet }: RecorderOptions): (message: string) => void {
  return message => {
    if (!quiet) process.stderr.write(`${printable(message)}\n`)
  }
}
