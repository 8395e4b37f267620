// Whether an hour's input is still what its ledger was made from.
//
// An object or partition file that is new, or another under its key, is a change. One that is gone is a change too,
// unless its time was up: logs and assignments are kept for some days, rollups for good. Time is taken to be up for
// what is more than a day past its hour, where nothing older is left either.
//
// Of the options, those that say what counts must be the same. An hour made by hand with a longer --settle or with
// --skip-bad-objects stays as it was made: what it took in or left out is in its ledger.

import type { Hour, Ledger, LedgerAssignments, LedgerOptions, UnixSeconds } from '@zonetoll/model'
import { HOUR_SECONDS } from '@zonetoll/model'
import { parseFlowLogName } from '@zonetoll/objects'

const DAY_SECONDS = 24 * HOUR_SECONDS

type Listed = Pick<LedgerAssignments, 'key' | 'size' | 'etag'>

export interface Present {
  readonly objects: readonly Listed[]
  readonly assignments: readonly Listed[]
  readonly options: LedgerOptions
  readonly now: UnixSeconds
  /** The first slot that the logs still have any object of, as far as was looked; null for none. */
  readonly oldestSlot: number | null
}

/** What makes the hour due, as `2 objects are new`; null where nothing does. */
export function changeSince(ledger: Ledger, hour: Hour, present: Present): string | null {
  const option = changedOption(ledger.options, present.options)
  if (option !== null) return `it was made with another ${option}`
  const past = present.now > hour + HOUR_SECONDS + DAY_SECONDS
  const { oldestSlot } = present
  const objects = difference(ledger.objects, present.objects)
  const expiredObject = ({ key }: Listed) => {
    const slot = parseFlowLogName(key)?.slot
    return past && slot !== undefined && (oldestSlot === null || slot < oldestSlot)
  }
  const assignments = difference(ledger.assignments, present.assignments)
  return (
    described(objects, 'object', expiredObject) ??
    described(assignments, 'assignment file', () => past || present.assignments.length === 0)
  )
}

function changedOption(made: LedgerOptions, asked: LedgerOptions): string | null {
  if (made.allPairs !== asked.allPairs) return '--all-pairs'
  if (made.appLabels.join('\n') !== asked.appLabels.join('\n')) return '--app-label'
  return made.flowLogIds.join('\n') === asked.flowLogIds.join('\n') ? null : '--flow-log-id'
}

interface Difference {
  readonly added: readonly Listed[]
  readonly replaced: readonly Listed[]
  readonly gone: readonly Listed[]
}

function difference(before: readonly Listed[], now: readonly Listed[]): Difference {
  const identity = ({ key, size, etag }: Listed) => JSON.stringify([key, size, etag])
  const known = countsOf(before, identity)
  const fresh = now.filter(object => !known.take(identity(object)))
  const present = countsOf(now, identity)
  const left = before.filter(object => !present.take(identity(object)))
  const freshKeys = new Set(fresh.map(({ key }) => key))
  const leftKeys = new Set(left.map(({ key }) => key))
  return {
    added: fresh.filter(({ key }) => !leftKeys.has(key)),
    replaced: fresh.filter(({ key }) => leftKeys.has(key)),
    gone: left.filter(({ key }) => !freshKeys.has(key)),
  }
}

// One key may stand in two buckets: they are counted, not only known.
function countsOf(objects: readonly Listed[], identity: (object: Listed) => string) {
  const counts = new Map<string, number>()
  for (const object of objects) counts.set(identity(object), (counts.get(identity(object)) ?? 0) + 1)
  return {
    take(text: string): boolean {
      const count = counts.get(text) ?? 0
      counts.set(text, count - 1)
      return count > 0
    },
  }
}

function described(
  { added, replaced, gone }: Difference,
  what: string,
  expired: (object: Listed) => boolean,
): string | null {
  const parts: string[] = []
  if (added.length > 0) parts.push(counted(added.length, what, 'new'))
  if (replaced.length > 0) parts.push(counted(replaced.length, what, 'another now'))
  // With something new among them the hour is made anew at any rate, of what there is.
  const missed = parts.length > 0 || !gone.every(expired) ? gone.length : 0
  if (missed > 0) parts.push(counted(missed, what, 'gone'))
  return parts.length === 0 ? null : parts.join(', ')
}

function counted(count: number, what: string, how: string): string {
  return `${count} ${what}${count === 1 ? ' is' : 's are'} ${how}`
}
