// The flow-log objects that can hold an hour's records: those of its slots, from all locations, each once.
//
// Hours that lie side by side share slots and folders: a listing may be of many hours' slots, and an hour takes its own.

import { RunError } from '@zonetoll/command'
import { compareText, formatHour, HOUR_SECONDS, type Hour, type UnixSeconds } from '@zonetoll/model'
import { findFlowLogObjects, type FlowLogObject, type Location, type ObjectStore } from '@zonetoll/objects'

export const SLOT_SECONDS = 300

export interface LogObject extends FlowLogObject {
  readonly store: ObjectStore
  /** The URI by which the store was opened, and the role that it asks with. */
  readonly location: string
  readonly roleArn?: string | undefined
}

/** What there is of some slots. */
export interface LogListing {
  /** Sorted by key. */
  readonly objects: readonly LogObject[]
  /** Full URIs of the folders that were looked at. */
  readonly lookedAt: readonly string[]
}

export interface HourLogs {
  /** Sorted by key. */
  readonly objects: readonly LogObject[]
  /** Slots of the hour with no object. */
  readonly emptySlots: readonly UnixSeconds[]
}

export interface FindOptions {
  readonly flowLogIds: readonly string[]
  /** Minutes after the hour's end in which its objects may still arrive. */
  readonly settle: number
  readonly signal: AbortSignal
}

/** Throws RunError, naming the prefixes that were looked at, where there is none. */
export async function findLogs(
  locations: readonly Location[],
  hour: Hour,
  options: FindOptions,
): Promise<HourLogs> {
  const listing = await listLogs(locations, hour, hour, options)
  if (listing.objects.length === 0) throw new RunError(nothingFound(hour, options, listing))
  return logsOfHour(listing, hour, options.settle)
}

/** What there is of the slots of all hours from the first to the last. */
export async function listLogs(
  locations: readonly Location[],
  first: Hour,
  last: Hour,
  options: FindOptions,
): Promise<LogListing> {
  const byUri = new Map<string, LogObject>()
  const lookedAt: string[] = []
  for (const location of locations) {
    const found = await findFlowLogObjects(location, {
      firstSlot: slotsOf(first, options.settle).first,
      lastSlot: slotsOf(last, options.settle).last,
      flowLogIds: options.flowLogIds,
      signal: options.signal,
    })
    const { store, uri, roleArn } = location
    for (const object of found.objects) {
      const place = store.describe(object.object.key)
      const known = byUri.get(place)
      // One object found by two locations has, in a folder, two keys: the longer one counts, whatever their order.
      if (known !== undefined && known.object.key.length >= object.object.key.length) continue
      byUri.set(place, { ...object, store, location: uri, roleArn })
    }
    lookedAt.push(...found.lookedAt)
  }
  const objects = [...byUri]
    .sort(([uri, a], [otherUri, b]) => compareText(a.object.key, b.object.key) || compareText(uri, otherUri))
    .map(([, object]) => object)
  return { objects, lookedAt }
}

/** An hour's part of a listing; it may have no object. Throws RunError where one object stands in two places. */
export function logsOfHour(listing: LogListing, hour: Hour, settle: number): HourLogs {
  const { first, last } = slotsOf(hour, settle)
  const objects = listing.objects.filter(({ slot }) => slot >= first && slot <= last)
  refuseCopies(objects)
  const filled = new Set(objects.map(object => object.slot))
  const emptySlots: UnixSeconds[] = []
  for (let slot: number = hour; slot < hour + HOUR_SECONDS; slot += SLOT_SECONDS) {
    if (!filled.has(slot)) emptySlots.push(slot as UnixSeconds)
  }
  return { objects, emptySlots }
}

function slotsOf(hour: Hour, settle: number): { readonly first: number; readonly last: number } {
  return { first: hour - SLOT_SECONDS, last: hour + HOUR_SECONDS + settle * 60 }
}

// AWS gives each object a name of its own: two of one name and content are one object in two places.
function refuseCopies(objects: readonly LogObject[]): void {
  const places = new Map<string, LogObject>()
  for (const copy of objects) {
    const { key, size, etag } = copy.object
    const identity = `${key.slice(key.lastIndexOf('/') + 1)} ${size} ${etag}`
    const known = places.get(identity)
    if (known !== undefined) {
      throw new RunError(
        `${known.store.describe(known.object.key)} and ${copy.store.describe(key)} are one object: its bytes would ` +
          `count twice. Name one of the two places with --logs.`,
      )
    }
    places.set(identity, copy)
  }
}

function nothingFound(hour: Hour, { flowLogIds }: FindOptions, { lookedAt }: LogListing): string {
  const whose = flowLogIds.length > 0 ? ` of ${flowLogIds.join(', ')}` : ''
  return (
    `no flow-log objects${whose} for ${formatHour(hour)}. Looked at:${placesText(lookedAt)}\n` +
    `Check --logs${whose === '' ? '' : ' and --flow-log-id'}, and that the flow log delivers to S3.`
  )
}

/** The first of the places, each on a line of its own. */
export function placesText(lookedAt: readonly string[]): string {
  const shown = lookedAt.slice(0, 10).map(uri => `\n  ${uri}`)
  const more = lookedAt.length > shown.length ? `\n  and ${lookedAt.length - shown.length} more` : ''
  return shown.join('') + more
}
