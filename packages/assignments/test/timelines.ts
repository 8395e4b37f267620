// Timelines around ten o'clock, from lines of which a test says only what it is about.

import { NONE, parseAssignmentLine, Timeline } from '@zonetoll/assignments'

export const TEN = Date.parse('2024-05-01T10:00:00Z')
export const LATENESS = 60_000

export interface Line {
  readonly kind: 'pod' | 'node' | 'interface'
  readonly uid: string
  /** Milliseconds from ten o'clock. */
  readonly from: number
  readonly until: number | null
  readonly seen?: number
  readonly zone?: string | null
  readonly addresses?: readonly string[]
  readonly hostNetwork?: boolean
}

function timeOf(millis: number): string {
  return new Date(TEN + millis).toISOString()
}

function textOf({ from, until, seen = 0, ...line }: Line): string {
  return JSON.stringify({
    namespace: 'shop',
    name: line.uid,
    workload: 'Deployment/cart',
    labels: { app: 'cart', team: 'blue' },
    node: 'node-1',
    instance: `i-${line.uid}`,
    zone: 'use2-az1',
    addresses: ['10.0.0.1'],
    ...line,
    from: timeOf(from),
    until: until === null ? null : timeOf(until),
    seen: timeOf(seen),
  })
}

export function subnet(uid: string, cidr: string, zone = 'use2-az2'): string {
  return JSON.stringify({ kind: 'subnet', uid, cidr, zone, seen: timeOf(0) })
}

export function timelineOf(
  lines: readonly (Line | string)[],
  appLabels: readonly string[] = ['app'],
): Timeline {
  const parsed = lines.map(line => parseAssignmentLine(typeof line === 'string' ? line : textOf(line))!)
  return new Timeline(parsed, { appLabels })
}

/** The uid of who held 10.0.0.1 in [start, until), milliseconds from ten o'clock. */
export function holder(timeline: Timeline, start: number, until: number): string | null {
  const entry = timeline.find4(0x0a000001)
  const id = entry === NONE ? NONE : timeline.holder(entry, TEN + start, TEN + until)
  return id === NONE ? null : timeline.endpoints[id]!.uid
}

export function pod(uid: string, from: number, until: number | null, over: Partial<Line> = {}): Line {
  return { kind: 'pod', uid, from, until, ...over }
}
