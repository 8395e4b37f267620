// An hour made ready to be read: its timeline, its objects, and what attributes their records.

import { createHash } from 'node:crypto'
import type { TimelineEndpoint } from '@zonetoll/assignments'
import { formatHour, type Hour, type LedgerAssignments, type LedgerOptions } from '@zonetoll/model'
import type { Location, StoredObject } from '@zonetoll/objects'
import { Attribution } from '@zonetoll/rollup'
import { findLogs, type HourLogs } from './find-logs.ts'
import { loadTimeline, type LoadedTimeline } from './load-timeline.ts'
import { memoryLimit, type MemoryBound } from './memory-bound.ts'
import type { ReaderSettings } from './object-reader.ts'
import type { WorkerOptions } from './options.ts'

/** Where an hour's input lies and its output goes. */
export interface HourPlaces {
  readonly logs: readonly Location[]
  readonly assignments: Location
  readonly rollups: Location
  readonly cluster: string
}

/** An hour's input as it was listed. */
export interface HourInput {
  readonly logs: HourLogs
  readonly assignments?: readonly StoredObject[]
}

export interface OpenHour {
  readonly hour: Hour
  readonly timeline: LoadedTimeline['timeline']
  readonly assignments: readonly LedgerAssignments[]
  readonly logs: HourLogs
  /** Sorted; an object's flow log is its place here. */
  readonly flowLogs: readonly string[]
  readonly attribution: Attribution
}

/** `listed` is the input where it was listed already. Throws RunError where there is none. */
export async function openHour(
  places: HourPlaces,
  hour: Hour,
  options: WorkerOptions,
  signal: AbortSignal,
  bound: MemoryBound,
  listed?: HourInput,
): Promise<OpenHour> {
  const { timeline, objects: assignments } = await loadTimeline(places.assignments, places.cluster, hour, {
    appLabels: options.appLabels,
    signal,
    listed: listed?.assignments,
    bound,
  })
  const logs = listed?.logs ?? (await findLogs(places.logs, hour, { ...options, signal }))
  const flowLogs = [...new Set(logs.objects.map(object => object.flowLogId))].sort()
  return {
    hour,
    timeline,
    assignments,
    logs,
    flowLogs,
    attribution: attributionOf(timeline, hour, flowLogs),
  }
}

export function attributionOf(
  timeline: LoadedTimeline['timeline'],
  hour: Hour,
  flowLogs: readonly string[],
): Attribution {
  return Attribution.of(timeline, hour, { growing: flowLogs.length > 1 })
}

/** The options that an hour's ledger keeps: those that say what counts. */
export function ledgerOptions(options: WorkerOptions): LedgerOptions {
  const { allPairs, appLabels, flowLogIds, settle, skipBadObjects } = options
  return { allPairs, appLabels, flowLogIds, settle, skipBadObjects }
}

/** How an hour's objects are read. */
export function readerSettings({ hour, flowLogs }: OpenHour, options: WorkerOptions): ReaderSettings {
  const { allPairs, skipBadObjects } = options
  return { hour, flowLogs, allPairs, skipBadObjects, memory: memoryLimit(options) }
}

/** What is to be wary of in an hour's assignments. */
export function timelineWarnings(
  { withoutZone, endpoints }: LoadedTimeline['timeline'],
  hour: Hour,
): string[] {
  const warnings: string[] = []
  if (withoutZone > 0) {
    const who = withoutZone === 1 ? 'one pod, node or interface' : `${withoutZone} pods, nodes and interfaces`
    warnings.push(
      `the assignments for ${formatHour(hour)} name no zone for ${who} and no known subnet holds their addresses: ` +
        `their traffic isn't attributed to them. Let the recorder see the subnets.`,
    )
  }
  if (endpoints.length === 0) {
    warnings.push(
      "the hour's assignments name no pod, node, interface or subnet: no byte is attributed. " +
        'Check --assignments and --cluster, and whether pnpm record was running.',
    )
  }
  return warnings
}

/** SHA-256 over who the ids of a timeline stand for, in their order: totals by id are good where it is the same. */
export function endpointsDigest(endpoints: readonly TimelineEndpoint[]): string {
  const hash = createHash('sha256')
  for (const { kind, uid, zone } of endpoints) hash.update(`${JSON.stringify([kind, uid, zone])}\n`)
  return hash.digest('hex')
}
