// One hour from input to published rollup: the data's whole way, stage by stage.

import { RunError, type Run } from '@zonetoll/command'
import type { Hour, HourAccounts, Ledger, LedgerObject, UnixSeconds } from '@zonetoll/model'
import type { Location } from '@zonetoll/objects'
import { closeHour, type Attribution, type HourTotals, type Overlap } from '@zonetoll/rollup'
import { HourPage } from './hour-page.ts'
import { latenessOf, type Lateness } from './lateness.ts'
import type { LoadedTimeline } from './load-timeline.ts'
import { memoryLimit, withinMemory, type MemoryBound } from './memory-bound.ts'
import {
  ledgerOptions,
  openHour,
  readerSettings,
  timelineWarnings,
  type HourInput,
  type HourPlaces,
} from './open-hour.ts'
import type { WorkerOptions } from './options.ts'
import type { Progress } from './progress.ts'
import { publish, type PublishedHour } from './publish.ts'
import { readObjects } from './read-objects.ts'
import { WorkloadPairs, type WorkloadPair } from './workload-pairs.ts'

export interface MadeHour {
  readonly hour: Hour
  readonly cluster: string
  readonly accounts: HourAccounts
  readonly rows: number
  readonly published: PublishedHour
  /** Where the hour's page is; null where none was asked for. */
  readonly page: string | null
  readonly topPairs: readonly WorkloadPair[]
  readonly objects: readonly LedgerObject[]
  readonly emptySlots: readonly UnixSeconds[]
  readonly lateness: Lateness
  readonly warnings: readonly string[]
}

const TOP_PAIRS = 10
/** What rows take while they are written, up to a row group of them. */
const WRITING_BYTES = 2048
const GROUP_ROWS = 50_000

/**
 * `listed` is the input where it was listed already. Throws RunError, or an error of a stage, naming what is wrong;
 * then what stood at the hour's key stands unchanged.
 */
export async function makeHour(
  places: HourPlaces,
  hour: Hour,
  options: WorkerOptions,
  run: Run,
  progress: Progress,
  listed?: HourInput,
): Promise<MadeHour> {
  return await withinMemory(memoryLimit(options), run, async (within, bound) =>
    makeWithin(places, hour, options, within, bound, progress, listed),
  )
}

async function makeWithin(
  places: HourPlaces,
  hour: Hour,
  options: WorkerOptions,
  run: Run,
  bound: MemoryBound,
  progress: Progress,
  listed: HourInput | undefined,
): Promise<MadeHour> {
  const { signal } = run
  const open = await openHour(places, hour, options, signal, bound, listed)
  const { timeline, attribution, flowLogs, logs } = open

  progress.begin(hour, logs.objects)
  const { totals, ledgerObjects, interfaceAddresses } = await readObjects(
    logs.objects,
    readerSettings(open, options),
    attribution,
    { ...options, signal, progress, bound },
  ).finally(() => progress.end())

  return await finishHour(
    places.rollups,
    { timeline, attribution, totals },
    {
      cluster: places.cluster,
      hour,
      flowLogs,
      objects: ledgerObjects,
      uris: logs.objects.map(({ object, store }) => store.describe(object.key)),
      interfaceAddresses,
      assignments: open.assignments,
      emptySlots: logs.emptySlots,
      options: ledgerOptions(options),
      lateness: latenessOf(logs.objects, hour, options.settle),
    },
    options.report,
    run,
  )
}

/** What was added up, and by which timeline. */
export interface HourSums {
  readonly timeline: LoadedTimeline['timeline']
  readonly attribution: Attribution
  readonly totals: HourTotals
}

/** What else is known of an hour that was read. */
export interface HourSources extends Pick<
  Ledger,
  'cluster' | 'hour' | 'objects' | 'assignments' | 'emptySlots' | 'options'
> {
  readonly flowLogs: readonly string[]
  /** Full URIs of the objects. */
  readonly uris: readonly string[]
  /** True where a format without pkt-srcaddr and pkt-dstaddr had to serve. */
  readonly interfaceAddresses: boolean
  readonly lateness: Lateness
}

/** From totals to published rollup, with its page where a report is asked for. Throws as makeHour. */
export async function finishHour(
  rollups: Location,
  { timeline, attribution, totals }: HourSums,
  sources: HourSources,
  report: boolean,
  run: Run,
): Promise<MadeHour> {
  const { cluster, hour, objects, assignments, emptySlots, options } = sources
  const { rows, accounts, overlaps } = closeHour(totals, timeline)
  if (overlaps.length > 0) throw new RunError(overlapMessage(overlaps, sources.flowLogs, attribution))
  totals.room(Math.min(rows.length, GROUP_ROWS) * WRITING_BYTES, totals.pairs.size)
  const pairs = new WorkloadPairs(totals.room)
  const ledger = { ...accounts, cluster, hour, objects, assignments, emptySlots, options }
  const page = report ? await HourPage.of(rollups, ledger, run.signal) : null
  const watched = pairs.watch(rows)
  const published = await publish(rollups, page?.watch(watched) ?? watched, ledger, run)
  return {
    hour,
    cluster,
    accounts,
    rows: rows.length,
    published,
    page: (await page?.write(run.signal)) ?? null,
    topPairs: pairs.top(TOP_PAIRS),
    objects,
    emptySlots,
    lateness: sources.lateness,
    warnings: [
      ...readingWarnings(sources.interfaceAddresses, objects, sources.uris),
      ...timelineWarnings(timeline, hour),
    ],
  }
}

/** What is to be wary of in the objects that were read. */
export function readingWarnings(
  interfaceAddresses: boolean,
  objects: readonly LedgerObject[],
  uris: readonly string[],
): string[] {
  const skipped = objects.flatMap(({ problem }, at) =>
    problem === null ? [] : [`left out ${uris[at]!}: it ${problem}`],
  )
  return interfaceAddresses ? [interfaceAddressWarning, ...skipped] : skipped
}

const interfaceAddressWarning =
  'a flow log has no pkt-srcaddr and pkt-dstaddr: srcaddr and dstaddr served, so every pod looks like ' +
  "its network interface's first address. Add the two fields to the flow log's format."

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
