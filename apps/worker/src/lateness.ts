// How late an hour's objects came: the time they were stored, less the time in their name.
//
// A slot is five minutes and delivery takes about ten more, without a maximum. An object stored after the hour had
// settled is late: a rollup made before it lacks it. Copies of objects have the time of the copy.
// Source: VPC User Guide, Publish flow logs to Amazon S3, Flow log files.

import { HOUR_SECONDS, type Hour } from '@zonetoll/model'
import type { LogObject } from './find-logs.ts'

export interface Lateness {
  /** Seconds between slot and storing of the object that took longest; 0 where there is none. */
  readonly greatest: number
  /** Objects stored after the hour had settled. */
  readonly lateObjects: number
}

/** `settle` is in minutes. */
export function latenessOf(objects: readonly LogObject[], hour: Hour, settle: number): Lateness {
  const settled = hour + HOUR_SECONDS + settle * 60
  let [greatest, lateObjects] = [0, 0]
  for (const { slot, object } of objects) {
    const stored = object.modified / 1000
    greatest = Math.max(greatest, stored - slot)
    if (stored > settled) lateObjects++
  }
  return { greatest: Math.round(greatest), lateObjects }
}
