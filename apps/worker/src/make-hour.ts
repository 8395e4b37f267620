// One hour from input to published rollup: the data's whole way, stage by stage.

import { RunError } from '@zonetoll/command'
import {
  formatHour,
  type Hour,
  type HourAccounts,
  type LedgerObject,
  type UnixSeconds,
} from '@zonetoll/model'
import type { Run } from '@zonetoll/command'
import type { Location } from '@zonetoll/objects'
import { Attribution, closeHour, type Overlap } from '@zonetoll/rollup'
import { findLogs, type LogObject } from './find-logs.ts'
import { loadTimeline } from './load-timeline.ts'
import type { WorkerOptions } from './options.ts'
import type { Progress } from './progress.ts'
import { publish, type PublishedHour } from './publish.ts'
import { readObjects } from './read-objects.ts'
import { WorkloadPairs, type WorkloadPair } from './workload-pairs.ts'

/** Where an hour's input lies and its output goes. */
export interface HourPlaces {
  readonly logs: readonly Location[]
  readonly assignments: Location
  readonly rollups: Location
  readonly cluster: string
}

export interface MadeHour {
  readonly hour: Hour
  readonly cluster: string
  readonly accounts: HourAccounts
  readonly rows: number
  readonly published: PublishedHour
  readonly topPairs: readonly WorkloadPair[]
  readonly objects: readonly LedgerObject[]
  readonly emptySlots: readonly UnixSeconds[]
  readonly warnings: readonly string[]
}

const TOP_PAIRS = 10

/** Throws RunError, or an error of a stage, naming what is wrong; then what stood at the hour's key stands unchanged. */
export async function makeHour(
  places: HourPlaces,
  hour: Hour,
  options: WorkerOptions,
  run: Run,
  progress: Progress,
): Promise<MadeHour> {
  const { signal } = run
  const { cluster } = places
  const loaded = await loadTimeline(places.assignments, cluster, hour, {
    appLabels: options.appLabels,
    signal,
  })
  const logs = await findLogs(places.logs, hour, { ...options, signal })
  const flowLogs = [...new Set(logs.objects.map(object => object.flowLogId))].sort()
  const attribution = Attribution.of(loaded.timeline, hour, { growing: flowLogs.length > 1 })

  progress.begin(hour, logs.objects)
  const { totals, ledgerObjects, interfaceAddresses } = await readObjects(
    logs.objects,
    { hour, flowLogs, allPairs: options.allPairs, skipBadObjects: options.skipBadObjects },
    attribution,
    { ...options, signal, progress },
  ).finally(() => progress.end())

  const { rows, accounts, overlaps } = closeHour(totals, loaded.timeline)
  if (overlaps.length > 0) throw new RunError(overlapMessage(overlaps, flowLogs, attribution))
  const pairs = new WorkloadPairs()
  const published = await publish(
    places.rollups,
    pairs.watch(rows),
    {
      ...accounts,
      cluster,
      hour,
      objects: ledgerObjects,
      assignments: loaded.objects,
      emptySlots: logs.emptySlots,
      options: {
        allPairs: options.allPairs,
        appLabels: options.appLabels,
        flowLogIds: options.flowLogIds,
        settle: options.settle,
        skipBadObjects: options.skipBadObjects,
      },
    },
    run,
  )
  return {
    hour,
    cluster,
    accounts,
    rows: rows.length,
    published,
    topPairs: pairs.top(TOP_PAIRS),
    objects: ledgerObjects,
    emptySlots: logs.emptySlots,
    warnings: [
      ...(interfaceAddresses ? [interfaceAddressWarning] : []),
      ...skippedWarnings(logs.objects, ledgerObjects),
      ...withoutZoneWarning(loaded.timeline.withoutZone, hour),
      ...(loaded.timeline.endpoints.length === 0 ? [nobodyWarning] : []),
    ],
  }
}

const interfaceAddressWarning =
  'a flow log has no pkt-srcaddr and pkt-dstaddr: srcaddr and dstaddr served, so every pod looks like ' +
  "its network interface's first address. Add the two fields to the flow log's format."

const nobodyWarning =
  "the hour's assignments name no pod, node, interface or subnet: no byte is attributed. " +
  'Check --assignments and --cluster, and whether pnpm record was running.'

function skippedWarnings(objects: readonly LogObject[], ledgerObjects: readonly LedgerObject[]): string[] {
  return ledgerObjects.flatMap(({ problem }, at) => {
    if (problem === null) return []
    const { object, store } = objects[at]!
    return [`left out ${store.describe(object.key)}: it ${problem}`]
  })
}

function withoutZoneWarning(count: number, hour: Hour): string[] {
  if (count === 0) return []
  const who = count === 1 ? 'one pod, node or interface' : `${count} pods, nodes and interfaces`
  return [
    `the assignments for ${formatHour(hour)} name no zone for ${who} and no known subnet holds their addresses: ` +
      `their traffic isn't attributed to them. Let the recorder see the subnets.`,
  ]
}

function overlapMessage(
  overlaps: readonly Overlap[],
  flowLogs: readonly string[],
  { tokens }: Attribution,
): string {
  const first = overlaps
    .map(overlap => ({ name: tokens.interfaces.token(overlap.interface), flowLogs: overlap.flowLogs }))
    .reduce((least, each) => (each.name < least.name ? each : least))
  const ids = first.flowLogs.map(number => flowLogs[number]!)
  const more = overlaps.length > 1 ? ` (and ${overlaps.length - 1} more interfaces)` : ''
  return (
    `the flow logs ${ids.join(' and ')} both log the interface ${first.name}${more}: its bytes would count twice. ` +
    `Choose flow logs that don't overlap with --flow-log-id.`
  )
}
