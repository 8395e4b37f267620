// The hours of a run one after the other, each with what is known of its input.
//
// Hours that lie side by side share slots: they are listed together, a day of hours at a time, before the first of the
// day is made. With --due the same walk tells which of them need making.

import { formatHour, HOUR_SECONDS, type Hour } from '@zonetoll/model'
import { Beginnings, dueHours } from './due-hours.ts'
import { listLogs, logsOfHour, type LogListing } from './find-logs.ts'
import type { HourInput, HourPlaces } from './open-hour.ts'
import type { WorkerOptions } from './options.ts'

/** Hours listed together: what is listed when they are begun is as old when the last of them is made. */
const HOURS_AT_A_TIME = 24

export type HourTask =
  | {
      readonly task: 'make'
      readonly hour: Hour
      /** Minutes. */
      readonly settle: number
      readonly input: HourInput | undefined
      /** With --due: why, going on from the hour. */
      readonly why: string | null
    }
  | { readonly task: 'complete'; readonly hour: Hour }
  | { readonly task: 'waiting'; readonly hour: Hour; readonly lacks: string }
  /** The listing of several hours failed. */
  | { readonly task: 'failed'; readonly hours: readonly Hour[]; readonly error: unknown }

/** Oldest first. Throws the signal's reason only. */
export async function* hoursToMake(
  places: HourPlaces,
  options: WorkerOptions,
  signal: AbortSignal,
): AsyncGenerator<HourTask> {
  const { hours, settle } = options
  if (hours.length === 1 && !options.due) {
    yield { task: 'make', hour: hours[0]!, settle, input: undefined, why: null }
    return
  }
  const beginnings = new Beginnings()
  for (let at = 0; at < hours.length; at += HOURS_AT_A_TIME) {
    const together = hours.slice(at, at + HOURS_AT_A_TIME)
    signal.throwIfAborted()
    let tasks: HourTask[]
    try {
      tasks = options.due
        ? await dueTasks(places, together, options, beginnings, signal)
        : await allTasks(places, together, options, signal)
    } catch (error) {
      signal.throwIfAborted()
      tasks = [{ task: 'failed', hours: together, error }]
    }
    yield* tasks
  }
}

async function allTasks(
  places: HourPlaces,
  hours: readonly Hour[],
  options: WorkerOptions,
  signal: AbortSignal,
): Promise<HourTask[]> {
  const { settle } = options
  const listing = await listLogs(places.logs, hours[0]!, hours.at(-1)!, { ...options, signal })
  return hours.map(hour => ({ task: 'make', hour, settle, input: inputOf(listing, hour, settle), why: null }))
}

// Undefined where there is none or it can't be: making the hour says what and where.
function inputOf(listing: LogListing, hour: Hour, settle: number): HourInput | undefined {
  try {
    const logs = logsOfHour(listing, hour, settle)
    return logs.objects.length === 0 ? undefined : { logs }
  } catch {
    return undefined
  }
}

async function dueTasks(
  places: HourPlaces,
  hours: readonly Hour[],
  options: WorkerOptions,
  beginnings: Beginnings,
  signal: AbortSignal,
): Promise<HourTask[]> {
  const states = await dueHours(places, hours, options, beginnings, signal)
  return [...states].map(([hour, state]) => {
    if (state.state === 'complete') return { task: 'complete', hour }
    if (state.state === 'waiting') return { task: 'waiting', hour, lacks: state.lacks }
    return { task: 'make', hour, settle: state.settle, input: state.input, why: state.why }
  })
}

/** `2024-05-01T09`, `2024-05-01T00 to 2024-05-01T09`; `2024-05-01T00 to 2024-05-01T09 (8 hours)` where some between are not meant. */
export function formatHours(hours: readonly Hour[]): string {
  const [first, last] = [hours[0]!, hours.at(-1)!]
  if (first === last) return formatHour(first)
  const gaps = (last - first) / HOUR_SECONDS + 1 !== hours.length
  return `${formatHour(first)} to ${formatHour(last)}${gaps ? ` (${hours.length} hours)` : ''}`
}
