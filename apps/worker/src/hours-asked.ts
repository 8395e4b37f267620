// Which hours a command line asks for, and the moment that is taken as now.
//
//   --hour                    that one
//   --from, --to              every hour of [from, to)
//   --scheduled-time          the last hour that had settled at that moment; with --due the moment is now
//   --due                     of the hours named, else of the look-back, those that have settled
//
//   |---- hour H ----|-- settle --| from here on H is due
//
// The clock is read for --due alone, and where it is given a scheduled time not even then: a run that is tried again
// later asks for the same hours.

import { UsageError } from '@zonetoll/command'
import { HOUR_SECONDS, hourOf, type Hour, type UnixSeconds } from '@zonetoll/model'

export interface HoursGiven {
  readonly hour?: Hour
  readonly from?: Hour
  readonly to?: Hour
  readonly due?: boolean
  /** Hours. */
  readonly lookback?: number
  readonly scheduledTime?: UnixSeconds
}

export interface HoursAsked {
  /** Oldest first. */
  readonly hours: readonly Hour[]
  /** Hours asked for with --due that haven't settled. */
  readonly unsettled: readonly Hour[]
}

export const DEFAULT_LOOKBACK_HOURS = 24

/** `settle` is in minutes, `now` the clock. Throws UsageError. */
export function hoursAsked(given: HoursGiven, settle: number, now: UnixSeconds): HoursAsked {
  const { due = false, lookback, scheduledTime } = given
  const named = namedHours(given)
  const last = lastSettled(scheduledTime ?? now, settle)
  if (lookback !== undefined && (!due || named !== null)) {
    throw new UsageError(
      '--lookback says how far --due looks back: give it with --due, and without --hour, --from and --to',
    )
  }
  if (due) {
    const hours = named ?? hoursUpTo(last, lookback ?? DEFAULT_LOOKBACK_HOURS)
    return {
      hours: hours.filter(hour => hour <= last),
      unsettled: hours.filter(hour => hour > last),
    }
  }
  if (named === null && scheduledTime === undefined) {
    throw new UsageError(
      'no hour given: say --hour 2024-05-01T10, or --from and --to, or --due for all that are due',
    )
  }
  if (named !== null && scheduledTime !== undefined) {
    throw new UsageError(
      '--scheduled-time names the hour itself: give it with --due, or without --hour, --from and --to',
    )
  }
  return { hours: named ?? [last], unsettled: [] }
}

/** The last hour that has settled at a moment. */
export function lastSettled(moment: UnixSeconds, settle: number): Hour {
  return (hourOf(moment - settle * 60) - HOUR_SECONDS) as Hour
}

function hoursUpTo(last: Hour, count: number): Hour[] {
  return Array.from({ length: count }, (_, at) => (last - (count - 1 - at) * HOUR_SECONDS) as Hour)
}

function namedHours({ hour, from, to }: HoursGiven): readonly Hour[] | null {
  if (hour !== undefined) {
    if (from !== undefined || to !== undefined)
      throw new UsageError(
        '--hour and --from/--to exclude each other: give one (ZONETOLL_HOUR, ZONETOLL_FROM and ZONETOLL_TO count too)',
      )
    return [hour]
  }
  if (from === undefined && to === undefined) return null
  if (from === undefined || to === undefined) {
    throw new UsageError(`--from and --to go together: ${from === undefined ? '--from' : '--to'} is missing`)
  }
  if (from >= to) throw new UsageError('--from must be before --to: the hours are [from, to)')
  return hoursUpTo((to - HOUR_SECONDS) as Hour, (to - from) / HOUR_SECONDS)
}
