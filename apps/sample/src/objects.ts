// Which objects there are: their slots, names and shares of the records.
//
//   10:55   11:00  11:05  …  11:55   12:00     a data set of the hour 11
//   before  |------- the hour -----|  after    the slots around it have one object each, and few records
//
// An object holds records whose window ends in its slot, some that end a little before it and a few that end just
// after it. With fewer objects than slots one holds the records of several slots and is named for the last; then none
// of its records begins before its hour, since the hour before doesn't read as far as its name.
// Source: VPC User Guide, Publish flow logs to Amazon S3, Flow log files.

import { ACCOUNT_ID, REGION } from './network.ts'
import { Random } from './random.ts'

export const LAYOUTS = ['plain', 'hourly', 'hive', 'hive-hourly'] as const

export type Layout = (typeof LAYOUTS)[number]

export const SLOT_SECONDS = 300
const HOUR = 3600
const SLOTS_AN_HOUR = HOUR / SLOT_SECONDS
// The slots before and after the data set's hours, in shares of an ordinary slot's records.
const BORDER_WEIGHT = 0.15

export interface ObjectPlan {
  /** Which of the data set's objects this is, from 0. */
  readonly index: number
  /** Path below the folder of logs. */
  readonly key: string
  /** Unix seconds. */
  readonly slot: number
  /** Its records' windows end in [from, until), most of them. */
  readonly from: number
  readonly until: number
  /** None begins before this. */
  readonly earliest: number
  readonly records: number
  readonly malformed: number
}

export interface ObjectOptions {
  readonly seed: number
  readonly start: number
  readonly hours: number
  /** At least one an hour. */
  readonly objects: number
  readonly records: number
  readonly malformed: number
  readonly layout: Layout
}

/** In the order of their slots; records and malformed lines add up to what was asked for. */
export function planObjects(options: ObjectOptions): ObjectPlan[] {
  const { seed, start, hours, objects, records, malformed, layout } = options
  const flowLogId = `fl-0${Random.of(seed, 'flow log').hex(16)}`
  const bordered = objects >= hours + 2
  const inside = objects - (bordered ? 2 : 0)
  const spans: { from: number; until: number; weight: number }[] = []
  const end = start + hours * HOUR
  if (bordered) spans.push({ from: start - SLOT_SECONDS, until: start, weight: BORDER_WEIGHT })
  for (let hour = 0; hour < hours; hour++) {
    const count = Math.floor(((hour + 1) * inside) / hours) - Math.floor((hour * inside) / hours)
    for (let at = 0; at < count; at++) {
      const first = Math.floor((at * SLOTS_AN_HOUR) / count)
      const next = Math.max(first + 1, Math.floor(((at + 1) * SLOTS_AN_HOUR) / count))
      const from = start + hour * HOUR + first * SLOT_SECONDS
      spans.push({ from, until: from + (next - first) * SLOT_SECONDS, weight: SLOTS_AN_HOUR / count })
    }
  }
  if (bordered) spans.push({ from: end, until: end + SLOT_SECONDS, weight: BORDER_WEIGHT })

  const total = spans.reduce((sum, { weight }) => sum + weight, 0)
  let weight = 0
  let planned = 0
  let plannedMalformed = 0
  return spans.map((span, index) => {
    weight += span.weight
    const upTo = index === spans.length - 1 ? records : Math.floor((records * weight) / total)
    const share = upTo - planned
    const malformedUpTo = Math.round((malformed * upTo) / Math.max(1, records))
    const malformedShare = Math.min(share, malformedUpTo - plannedMalformed)
    planned = upTo
    plannedMalformed += malformedShare
    const slot = span.until - SLOT_SECONDS
    return {
      index,
      key: keyOf(slot, layout, flowLogId, Random.of(seed, 'object name', index).hex(8)),
      slot,
      from: span.from,
      until: span.until,
      earliest: span.until - span.from > SLOT_SECONDS ? Math.floor(span.from / HOUR) * HOUR : -Infinity,
      records: share,
      malformed: malformedShare,
    }
  })
}

function keyOf(slot: number, layout: Layout, flowLogId: string, hash: string): string {
  const iso = new Date(slot * 1000).toISOString()
  const [year, month, day, hour] = [iso.slice(0, 4), iso.slice(5, 7), iso.slice(8, 10), iso.slice(11, 13)]
  const name = `${ACCOUNT_ID}_vpcflowlogs_${REGION}_${flowLogId}_${year}${month}${day}T${hour}${iso.slice(14, 16)}Z_${hash}.log.gz`
  const hive = layout === 'hive' || layout === 'hive-hourly'
  const hourly = layout === 'hourly' || layout === 'hive-hourly'
  const folders = hive
    ? `aws-account-id=${ACCOUNT_ID}/aws-service=vpcflowlogs/aws-region=${REGION}/year=${year}/month=${month}/day=${day}`
    : `${ACCOUNT_ID}/vpcflowlogs/${REGION}/${year}/${month}/${day}`
  const hourFolder = hourly ? (hive ? `/hour=${hour}` : `/${hour}`) : ''
  return `AWSLogs/${folders}${hourFolder}/${name}`
}
