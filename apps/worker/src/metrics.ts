// Metrics as lines of CloudWatch embedded metric format: CloudWatch Logs makes metrics of them, and alarms need no code.
//
//   {"_aws":{"Timestamp":…,"CloudWatchMetrics":[{"Namespace":"Zonetoll","Dimensions":[["Cluster"]],"Metrics":[…]}]},
//    "Cluster":"shop","CrossZoneBytes":…,…}
//
// A line has one value a dimension, so each pair of zones has its own. An hour's lines bear the time of the hour, so
// that a graph shows traffic when it was and a second run of an hour says the same of it; the run's line bears the
// moment of the run. CloudWatch takes no metric that is older than two weeks.
// Source: CloudWatch User Guide, Specification: Embedded metric format; CloudWatch API Reference, MetricDatum, Dimension.

import { formatHour, HOUR_SECONDS, type Hour, type UnixSeconds } from '@zonetoll/model'
import type { MadeHour } from './make-hour.ts'
import { unattributedShare } from './summary.ts'

export const NAMESPACE = 'Zonetoll'

/** Longer names are cut: CloudWatch refuses the metric. */
const MOST_DIMENSION_LENGTH = 1024

type Unit = 'Bytes' | 'Count' | 'Percent' | 'Seconds'
type Metric = readonly [name: string, unit: Unit, value: number]

/** The lines of an hour that was made in so many seconds; each without a line feed. */
export function hourMetrics(made: MadeHour, runTime: number): string[] {
  const { accounts, read, zones } = made.accounts
  const at = made.hour * 1000
  const properties = { Hour: formatHour(made.hour) }
  const whole = line(at, { Cluster: made.cluster }, properties, [
    ['CrossZoneBytes', 'Bytes', Number(accounts.crossZone.bytes)],
    ['SameZoneBytes', 'Bytes', Number(accounts.sameZone.bytes)],
    ['UnattributedShare', 'Percent', unattributedShare(accounts) * 100],
    ['Records', 'Count', Number(read.records)],
    ['SkipDataRecords', 'Count', Number(accounts.skipData.records)],
    ['EmptySlots', 'Count', made.emptySlots.length],
    ['ObjectsLeftOut', 'Count', made.objects.filter(({ problem }) => problem !== null).length],
    ['LateObjects', 'Count', made.lateness.lateObjects],
    ['Lateness', 'Seconds', made.lateness.greatest],
    ['RunTime', 'Seconds', runTime],
  ])
  const pairs = zones
    .filter(({ source, destination }) => source !== destination)
    .map(({ source, destination, bytes }) => {
      const dimensions = { Cluster: made.cluster, SourceZone: source, DestinationZone: destination }
      return line(at, dimensions, properties, [['ZonePairBytes', 'Bytes', Number(bytes)]])
    })
  return [whole, ...pairs]
}

export interface RunOutcome {
  readonly made: number
  readonly failed: number
  /** The newest hour that is complete now, null where none is known. */
  readonly newest: Hour | null
}

/** The line of a run. */
export function runMetrics(cluster: string, now: UnixSeconds, { made, failed, newest }: RunOutcome): string {
  return line(now * 1000, { Cluster: cluster }, {}, [
    ['HoursMade', 'Count', made],
    ['HoursFailed', 'Count', failed],
    ...(newest === null
      ? []
      : [['NewestHourAge', 'Seconds', Math.max(0, now - (newest + HOUR_SECONDS))] as const]),
  ])
}

function line(
  timestamp: number,
  dimensions: Readonly<Record<string, string>>,
  properties: Readonly<Record<string, string>>,
  metrics: readonly Metric[],
): string {
  const values = Object.entries(dimensions).map(([name, value]) => [name, dimensionValue(value)])
  return JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    ...Object.fromEntries(values),
    ...properties,
    ...Object.fromEntries(metrics.map(([name, , value]) => [name, value])),
  })
}

// ASCII without control characters, not empty, no ':' in front: what CloudWatch takes. A zone's name comes from an
// assignment log, and may be anything.
function dimensionValue(text: string): string {
  const plain = text
    .replaceAll(/[^\x20-\x7e]/gu, '?')
    .trim()
    .replace(/^:/, '?')
  return plain === '' ? '?' : plain.slice(0, MOST_DIMENSION_LENGTH)
}
