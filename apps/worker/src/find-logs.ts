// The flow-log objects that can hold an hour's records: those of its slots, from all locations, each once.

import { RunError } from '@zonetoll/command'
import { compareText, formatHour, HOUR_SECONDS, type Hour, type UnixSeconds } from '@zonetoll/model'
import { findFlowLogObjects, type FlowLogObject, type Location, type ObjectStore } from '@zonetoll/objects'

export const SLOT_SECONDS = 300

export interface LogObject extends FlowLogObject {
  readonly store: ObjectStore
  /** The URI by which the store was opened. */
  readonly location: string
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
  const firstSlot = hour - SLOT_SECONDS
  const lastSlot = hour + HOUR_SECONDS + options.settle * 60
  const byUri = new Map<string, LogObject>()
  const lookedAt: string[] = []
  for (const location of locations) {
    const found = await findFlowLogObjects(location, {
      firstSlot,
      lastSlot,
      flowLogIds: options.flowLogIds,
      signal: options.signal,
    })
    const { store, uri } = location
    for (const object of found.objects) {
      const place = store.describe(object.object.key)
      const known = byUri.get(place)
      // One object found by two locations has, in a folder, two keys: the longer one counts, whatever their order.
      if (known !== undefined && known.object.key.length >= object.object.key.length) continue
      byUri.set(place, { ...object, store, location: uri })
    }
    lookedAt.push(...found.lookedAt)
  }
  if (byUri.size === 0) throw new RunError(nothingFound(hour, options.flowLogIds, lookedAt))

  const objects = [...byUri]
    .sort(([uri, a], [otherUri, b]) => compareText(a.object.key, b.object.key) || compareText(uri, otherUri))
    .map(([, object]) => object)
  refuseCopies(objects)
  const filled = new Set(objects.map(object => object.slot))
  const emptySlots: UnixSeconds[] = []
  for (let slot: number = hour; slot < hour + HOUR_SECONDS; slot += SLOT_SECONDS) {
    if (!filled.has(slot)) emptySlots.push(slot as UnixSeconds)
  }
  return { objects, emptySlots }
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

function nothingFound(hour: Hour, flowLogIds: readonly string[], lookedAt: readonly string[]): string {
  const whose = flowLogIds.length > 0 ? ` of ${flowLogIds.join(', ')}` : ''
  const shown = lookedAt.slice(0, 10).map(uri => `\n  ${uri}`)
  const more = lookedAt.length > shown.length ? `\n  and ${lookedAt.length - shown.length} more` : ''
  return (
    `no flow-log objects${whose} for ${formatHour(hour)}. Looked at:${shown.join('')}${more}\n` +
    `Check --logs${whose === '' ? '' : ' and --flow-log-id'}, and that the flow log delivers to S3 as text.`
  )
}
