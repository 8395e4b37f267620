// Which hours' partitions a change of the book belongs in.
//
//   hour 10's window      09:59:00 |----------------------------| 11:00:00
//   a pod                    |----------)                          in it: let go at 10:20
//   another                                    |--------------~    in it, and in hour 11's
//   a third     |---------)                                        until 09:58:59: not in it
//
// A partition says who held an address at any moment from 60 s before its hour to its end (contract, section 3), so all
// it knows of an interval is the part inside that window. When a thing is learnt late (its end, its beginning, other
// addresses), the hours to be told are those for which that part differs. What a line says besides is told to the
// current hour, and in an hour's first minute to the one before too: a pod's zone may be known only then.

import type { AssignmentLine } from '@zonetoll/assignments'
import { HOUR_SECONDS, type Hour, type UnixMillis } from '@zonetoll/model'
import type { BookChange } from './book-in-memory.ts'
import { isHolder, sameAddresses } from './book-line-content.ts'

/** How long before its hour a partition's window begins: flow-log times may be this late. Milliseconds. */
export const LEAD_MILLIS = 60_000

const HOUR_MILLIS = HOUR_SECONDS * 1000

/** The hours, of those from `first` to `last`, whose partitions must have the changed line, at the moment `now`. */
export function hoursToTell({ before, after }: BookChange, first: Hour, last: Hour, now: UnixMillis): Hour[] {
  const hours: Hour[] = []
  for (let hour = first; hour <= last; hour = (hour + HOUR_SECONDS) as Hour) {
    const told =
      now < windowEnd(hour) + LEAD_MILLIS
        ? concerns(after, hour) || (before !== null && concerns(before, hour))
        : differIn(hour, before, after)
    if (told) hours.push(hour)
  }
  return hours
}

/** Whether the line says anything of the hour's window. Subnets and zones always do. */
export function concerns(line: AssignmentLine, hour: Hour): boolean {
  if (!isHolder(line)) return true
  if (line.addresses.length === 0) return false
  // Who let go exactly a minute before the hour still counts for a record of its first second.
  return line.from < windowEnd(hour) && line.until >= windowStart(hour)
}

function differIn(hour: Hour, before: AssignmentLine | null, after: AssignmentLine): boolean {
  if (!isHolder(after)) return false
  const held = before !== null && isHolder(before) && concerns(before, hour) ? before : null
  if (held === null || !concerns(after, hour)) return (held !== null) !== concerns(after, hour)
  return (
    Math.max(held.from, windowStart(hour)) !== Math.max(after.from, windowStart(hour)) ||
    Math.min(held.until, windowEnd(hour)) !== Math.min(after.until, windowEnd(hour)) ||
    !sameAddresses(held.addresses, after.addresses)
  )
}

function windowStart(hour: Hour): number {
  return hour * 1000 - LEAD_MILLIS
}

function windowEnd(hour: Hour): number {
  return hour * 1000 + HOUR_MILLIS
}
