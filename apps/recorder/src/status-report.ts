// What the log says of its recorder's health: what was written last, what holds, how old the newest line is.
//
// Read from the newest partition and the one before. Age counts from the newest pod or node line: its `seen` says up to
// when the cluster was watched, whereas an object can be new and say nothing of it (inventory goes on when the API
// server is away).

import { formatCount, formatSeconds, type Hour, type Json, type UnixMillis } from '@zonetoll/model'
import { printable } from '@zonetoll/command'
import type { BookCounts } from './book-in-memory.ts'
import { isHolder } from './book-line-content.ts'
import { LOOK_BACK_HOURS } from './log-writer.ts'
import { madeAt } from './partition-object.ts'
import { foldPartitions, newestPartitions, type RestoreOptions } from './partition-restore.ts'

export interface LogStatus {
  readonly cluster: string
  /** The hour of the newest partition, null where there is none in the last day. */
  readonly hour: Hour | null
  /** What was written last, in full. */
  readonly object: { readonly uri: string; readonly at: UnixMillis } | null
  /** How many hold now. */
  readonly holding: BookCounts
  /** When a pod or node was last seen, null where none was. */
  readonly newestLine: UnixMillis | null
  /** When EC2 last told of its interfaces, null where it didn't. */
  readonly inventory: UnixMillis | null
}

export async function readStatus(now: UnixMillis, options: RestoreOptions): Promise<LogStatus> {
  const partitions = await newestPartitions(now, LOOK_BACK_HOURS, options)
  const fold = await foldPartitions(partitions, options)
  const holding = { pod: 0, node: 0, interface: 0, subnet: 0, zone: 0 }
  for (const line of fold.lines) if (!isHolder(line) || line.until > now) holding[line.kind]++
  let object: LogStatus['object'] = null
  for (const { key, modified } of partitions.flatMap(({ objects }) => objects)) {
    const at = madeAt(key) ?? (modified as UnixMillis)
    if (object === null || at > object.at) object = { uri: options.location.store.describe(key), at }
  }
  const { pod = -Infinity, node = -Infinity, interface: found } = fold.seen
  const newestLine = Math.max(pod, node)
  return {
    cluster: options.cluster,
    hour: partitions[0]?.hour ?? null,
    object,
    holding,
    newestLine: newestLine === -Infinity ? null : (newestLine as UnixMillis),
    inventory: found ?? null,
  }
}

/** How old the newest line is, in milliseconds; Infinity where there is none. */
export function ageOf({ newestLine }: LogStatus, now: UnixMillis): number {
  return newestLine === null ? Infinity : Math.max(0, now - newestLine)
}

/** For people; no line end. */
export function formatStatus(status: LogStatus, now: UnixMillis): string {
  const { cluster, holding, inventory, newestLine, object } = status
  const since = (moment: UnixMillis) =>
    `${formatSeconds(Math.floor(moment / 1000))}, ${formatAge(now - moment)} ago`
  return [
    `cluster       ${cluster}`,
    `last object   ${object === null ? 'none in the last day' : `${printable(object.uri)} (${since(object.at)})`}`,
    `newest line   ${newestLine === null ? 'none' : since(newestLine)}`,
    `inventory     ${inventory === null ? 'none' : since(inventory)}`,
    `holding       ${(['pod', 'node', 'interface', 'subnet'] as const).map(kind => `${formatCount(holding[kind])} ${kind}s`).join(', ')}`,
  ].join('\n')
}

/** One JSON line's value. */
export function statusJson(status: LogStatus, now: UnixMillis, staleMillis: number): Json {
  const age = ageOf(status, now)
  const { pod, node, interface: interfaces, subnet } = status.holding
  return {
    cluster: status.cluster,
    hour: status.hour === null ? null : formatSeconds(status.hour),
    object: status.object === null ? null : { uri: status.object.uri, at: instant(status.object.at) },
    newestLine: instant(status.newestLine),
    ageSeconds: age === Infinity ? null : Math.round(age / 1000),
    stale: age > staleMillis,
    inventory: instant(status.inventory),
    pods: pod,
    nodes: node,
    interfaces,
    subnets: subnet,
  }
}

function instant(moment: UnixMillis | null): string | null {
  return moment === null ? null : new Date(moment).toISOString()
}

/** `45 s`, `12 min`, `3 h 20 min`. */
export function formatAge(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
