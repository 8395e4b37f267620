/**
 * The plain twin of the assignment log, section 3 of the contract: what was seen last of each thing, which addresses it
 * held when, and overlaps cut by looking at every two. Times are milliseconds.
 *
 * Of two assignments that begin together, where the contract is silent, the one that goes on longer is the later one,
 * then the one seen later, then the greater uid.
 */
import { plainAddress } from './plain-address.ts'

/** The seven columns of an endpoint in the rollup's order: kind, namespace, name, workload, app, node, zone. */
export type PlainColumns = readonly (string | null)[]

/** How often each rule decided, by name: what a generator reaches. */
export type Reached = Map<string, number>

/** A pod, node, interface or subnet of the assignment log. */
export interface Thing {
  readonly kind: string
  readonly uid: string
  readonly seen: number
  readonly line: Readonly<Record<string, unknown>>
  readonly columns: PlainColumns
  readonly zone: string
  readonly instance: string | null
}

/** One address held by one thing during [from, until). */
export interface Holding {
  readonly thing: Thing
  readonly address: string
  readonly from: number
  until: number
  /** What until was before others cut it. */
  readonly ends: number
}

/** The things of the assignment log, each as it was seen last. */
export function thingsOf(lines: readonly string[], appLabels: readonly string[]): Thing[] {
  const latest = new Map<string, Record<string, unknown>>()
  for (const text of lines) {
    const line = JSON.parse(text) as Record<string, unknown>
    if (!['pod', 'node', 'interface', 'subnet'].includes(String(line['kind']))) continue
    const key = JSON.stringify([line['kind'], line['uid']])
    const before = latest.get(key)
    if (before === undefined || momentOf(line['seen']) > momentOf(before['seen'])) latest.set(key, line)
  }
  return [...latest.values()].map(line => ({
    kind: String(line['kind']),
    uid: String(line['uid']),
    seen: momentOf(line['seen']),
    line,
    columns: columnsOf(line, appLabels),
    zone: String(line['zone']),
    instance: textOf(line['instance']),
  }))
}

function columnsOf(line: Record<string, unknown>, appLabels: readonly string[]): PlainColumns {
  const kind = textOf(line['kind'])
  const zone = textOf(line['zone'])
  if (kind === 'subnet') return [kind, null, textOf(line['uid']), null, null, null, zone]
  if (kind !== 'pod') return [kind, null, textOf(line['name']), null, null, null, zone]
  const labels = (line['labels'] ?? {}) as Record<string, string>
  const label = appLabels.find(key => Object.hasOwn(labels, key))
  return [
    kind,
    textOf(line['namespace']),
    textOf(line['name']),
    textOf(line['workload']),
    label === undefined ? null : labels[label]!,
    textOf(line['node']),
    zone,
  ]
}

/** Who held which address when, overlaps not yet cut. A pod on its host's network holds none. */
export function holdingsOf(things: readonly Thing[]): Holding[] {
  const holdings: Holding[] = []
  for (const thing of things) {
    const { line } = thing
    if (thing.kind === 'subnet' || line['hostNetwork'] === true) continue
    const from = momentOf(line['from'])
    const until = line['until'] === null ? Infinity : momentOf(line['until'])
    const addresses = new Set((line['addresses'] as readonly string[]).map(text => plainAddress(text)!))
    for (const address of addresses)
      if (from < until) holdings.push({ thing, address, from, until, ends: until })
  }
  return holdings
}

/** Ends each of two that overlap, the earlier one, where the later begins; says how many were ended. */
export function cutOverlaps(holdings: readonly Holding[], reached: Reached): number {
  const written = holdings.map(holding => holding.until)
  let cut = 0
  for (const [at, earlier] of holdings.entries()) {
    for (const later of holdings) {
      if (later.address !== earlier.address || later.thing.kind !== earlier.thing.kind) continue
      if (!beginsLater(later, earlier) || later.from >= written[at]!) continue
      if (later.from === earlier.from) count(reached, 'begin together')
      earlier.until = Math.min(earlier.until, later.from)
    }
    if (earlier.until < written[at]!) cut++
  }
  if (cut > 0) count(reached, 'cut')
  return cut
}

function beginsLater(later: Holding, earlier: Holding): boolean {
  if (later.from !== earlier.from) return later.from > earlier.from
  if (later.ends !== earlier.ends) return later.ends > earlier.ends
  if (later.thing.seen !== earlier.thing.seen) return later.thing.seen > earlier.thing.seen
  return later.thing.uid > earlier.thing.uid
}

function momentOf(value: unknown): number {
  return Date.parse(String(value))
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Adds one to a count. */
export function count(counts: Reached, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
