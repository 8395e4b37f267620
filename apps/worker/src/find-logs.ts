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
      byUri.set(store.describe(object.object.key), { ...object, store, location: uri })
    }
    lookedAt.push(...found.lookedAt)
  }
  if (byUri.size === 0) throw new RunError(nothingFound(hour, options.flowLogIds, lookedAt))

  const objects = [...byUri]
    .sort(([uri, a], [otherUri, b]) => compareText(a.object.key, b.object.key) || compareText(uri, otherUri))
    .map(([, object]) => object)
  const filled = new Set(objects.map(object => object.slot))
  const emptySlots: UnixSeconds[] = []
  for (let slot: number = hour; slot < hour + HOUR_SECONDS; slot += SLOT_SECONDS) {
    if (!filled.has(slot)) emptySlots.push(slot as UnixSeconds)
  }
  return { objects, emptySlots }
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
