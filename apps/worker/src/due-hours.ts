// Of some hours that lie side by side, those that need making, and with what input: `--due`.
//
// Nothing of a log object is read to tell: the slots of all hours are listed in one walk, and each hour costs a list of
// its assignments, a list of its rollup's folder and the ledger in it.
//
//   no complete rollup, input there          due
//   input differs from the ledger's          due (hour-changes.ts)
//   no complete rollup, no input             waiting, before the recorder or the flow log began; behind that a gap,
//                                            which is due so that it fails and is heard of
//   complete, all of its input gone          kept

import pLimit from 'p-limit'
import { HOUR_SECONDS, type Hour, type Ledger } from '@zonetoll/model'
import type { Location, StoredObject } from '@zonetoll/objects'
import { listLogs, logsOfHour, type HourLogs, type LogListing } from './find-logs.ts'
import { changeSince } from './hour-changes.ts'
import { listAssignments } from './load-timeline.ts'
import { ledgerOptions, type HourInput, type HourPlaces } from './open-hour.ts'
import type { WorkerOptions } from './options.ts'
import { standingHour } from './standing-hour.ts'

const AT_A_TIME = 8

export type HourState =
  | { readonly state: 'complete' }
  | {
      readonly state: 'due'
      /** Goes on from the hour: `has no rollup`. */
      readonly why: string
      /** Undefined where there is none: making the hour says so. */
      readonly input: HourInput | undefined
      /** Minutes: those of the ledger where it was made with more. */
      readonly settle: number
    }
  | { readonly state: 'waiting'; readonly lacks: 'assignments' | 'flow-log objects' }

interface Looked {
  readonly hour: Hour
  readonly ledger: Ledger | null
  readonly why: string
  readonly assignments: readonly StoredObject[]
}

/** What is known of hours looked at before, by which a gap is told from a beginning. */
export class Beginnings {
  /** Whether an hour before had flow-log objects, now or when it was made. */
  logs = false
  #assignments: Promise<Hour | null> | undefined

  /** The first hour that anything was recorded for, null where nothing was. */
  async assignments(location: Location, cluster: string, signal: AbortSignal): Promise<Hour | null> {
    this.#assignments ??= firstRecorded(location, cluster, signal)
    return await this.#assignments
  }
}

/** By hour, in order. `hours` lie side by side, oldest first. Throws what listing and reading throw. */
export async function dueHours(
  places: HourPlaces,
  hours: readonly Hour[],
  options: WorkerOptions,
  beginnings: Beginnings,
  signal: AbortSignal,
): Promise<Map<Hour, HourState>> {
  const limit = pLimit(AT_A_TIME)
  const looked = await Promise.all(hours.map(async hour => limit(() => look(places, hour, signal))))
  const settle = Math.max(options.settle, ...looked.map(({ ledger }) => ledger?.options.settle ?? 0))
  const listing = await listLogs(places.logs, hours[0]!, hours.at(-1)!, { ...options, settle, signal })

  const states = new Map<Hour, HourState>()
  for (const each of looked) {
    const own = Math.max(options.settle, each.ledger?.options.settle ?? 0)
    states.set(each.hour, await stateOf(each, own, listing, places, options, beginnings, signal))
  }
  return states
}

async function look(
  { assignments, rollups, cluster }: HourPlaces,
  hour: Hour,
  signal: AbortSignal,
): Promise<Looked> {
  const standing = await standingHour(rollups, cluster, hour, signal)
  return {
    hour,
    ledger: standing.ledger,
    why: standing.ledger === null ? standing.why : '',
    assignments: await listAssignments(assignments, cluster, hour, signal),
  }
}

async function stateOf(
  { hour, ledger, why, assignments }: Looked,
  settle: number,
  listing: LogListing,
  places: HourPlaces,
  options: WorkerOptions,
  beginnings: Beginnings,
  signal: AbortSignal,
): Promise<HourState> {
  const logs = logsAsFarAsTold(listing, hour, settle)
  // Found in two places: making the hour says so.
  if (logs === null) return { state: 'due', why: 'has an object in two places', input: undefined, settle }
  const gap = beginnings.logs
  if (logs.objects.length > 0 || ledger !== null) beginnings.logs = true
  if (ledger !== null) {
    if (logs.objects.length === 0 || assignments.length === 0) return { state: 'complete' }
    const change = changeSince(ledger, hour, {
      objects: logs.objects.map(({ object }) => object),
      assignments,
      options: ledgerOptions(options),
      now: options.now,
      oldestSlot: oldestSlot(listing),
    })
    if (change === null) return { state: 'complete' }
    return { state: 'due', why: `is made anew: ${change}`, input: { logs, assignments }, settle }
  }
  if (assignments.length === 0) {
    const began = await beginnings.assignments(places.assignments, places.cluster, signal)
    if (began === null || hour < began) return { state: 'waiting', lacks: 'assignments' }
    return { state: 'due', why, input: undefined, settle }
  }
  if (logs.objects.length === 0) {
    return gap
      ? { state: 'due', why, input: undefined, settle }
      : { state: 'waiting', lacks: 'flow-log objects' }
  }
  return { state: 'due', why, input: { logs, assignments }, settle }
}

function logsAsFarAsTold(listing: LogListing, hour: Hour, settle: number): HourLogs | null {
  try {
    return logsOfHour(listing, hour, settle)
  } catch {
    return null
  }
}

function oldestSlot({ objects }: LogListing): number | null {
  return objects.reduce<number | null>(
    (least, { slot }) => (least === null || slot < least ? slot : least),
    null,
  )
}

// Two lists: folders sort by time.
async function firstRecorded(
  { store, prefix }: Location,
  cluster: string,
  signal: AbortSignal,
): Promise<Hour | null> {
  const first = async (start: string, form: RegExp) => {
    for await (const entry of store.list(start, { delimiter: true, signal })) {
      const name = 'prefix' in entry ? entry.prefix.slice(start.length, -1) : ''
      if (form.test(name)) return name
    }
    return null
  }
  const days = `${prefix}cluster=${cluster}/dt=`
  const day = await first(days, /^\d{4}-\d\d-\d\d$/)
  const hour = day === null ? null : await first(`${days}${day}/hour=`, /^\d\d$/)
  const millis = hour === null ? Number.NaN : Date.parse(`${day}T${hour}:00:00Z`)
  return Number.isNaN(millis) ? null : ((Math.floor(millis / 1000 / HOUR_SECONDS) * HOUR_SECONDS) as Hour)
}
