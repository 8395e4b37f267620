// The options that say which rollups are asked: where they are, whose, and which hours. Those of query and report alike.

import { BadValue, readCluster, readText, UsageError, type OptionDefinition } from '@zonetoll/command'
import { HOUR_SECONDS, parseHour, type Hour } from '@zonetoll/model'
import { openLocation, StoreError, type Location } from '@zonetoll/objects'
import type { HourInterval } from './stored-hours.ts'

export const HOUR_OPTIONS: readonly OptionDefinition[] = [
  { flags: '--hour <hour>', description: 'one UTC hour, as 2024-05-01T10', parse: readHour },
  {
    flags: '--from <hour>',
    description: 'with --to: the hours of [from, to) (default: every complete hour that is stored)',
    parse: readHour,
  },
  { flags: '--to <hour>', description: 'the hour after the last one', parse: readHour },
  {
    flags: '--rollups <uri>',
    description: 'where the rollups are: s3://bucket/prefix, file:///dir or a path (default: ./rollups)',
    parse: readText,
  },
  {
    flags: '--cluster <name>',
    description: "the cluster's name (default: the only one that has rollups)",
    parse: readCluster,
  },
]

export interface HourValues {
  readonly hour?: Hour
  readonly from?: Hour
  readonly to?: Hour
}

/** The hours that are asked for, null for all there are. Throws UsageError. */
export function intervalOf({ hour, from, to }: HourValues): HourInterval | null {
  if (hour !== undefined) {
    if (from !== undefined || to !== undefined) {
      throw new UsageError(
        '--hour and --from/--to exclude each other: give one (ZONETOLL_HOUR, ZONETOLL_FROM and ZONETOLL_TO count too)',
      )
    }
    return { from: hour, until: (hour + HOUR_SECONDS) as Hour }
  }
  if (from === undefined && to === undefined) return null
  if (from === undefined || to === undefined) {
    throw new UsageError(`--from and --to go together: ${from === undefined ? '--from' : '--to'} is missing`)
  }
  if (from >= to) throw new UsageError('--from must be before --to: the hours are [from, to)')
  return { from, until: to }
}

/** The location an option names. Throws UsageError where the text is none. */
export function locationOf(option: string, uri: string): Location {
  try {
    return openLocation(uri)
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    throw new UsageError(`${option}: ${cause.message}`, { cause })
  }
}

function readHour(text: string): Hour {
  const hour = parseHour(text)
  if (hour === null) throw new BadValue('Expected a UTC hour like 2024-05-01T10.')
  return hour
}
