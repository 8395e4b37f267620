// What a folder on the way to flow logs is, by its name and by where it stands.
//
//   plain             {p}/AWSLogs/{account}/vpcflowlogs/{region}/2024/05/01/
//   plain, hourly     {p}/AWSLogs/{account}/vpcflowlogs/{region}/2024/05/01/10/
//   Hive              {p}/AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/year=2024/month=05/day=01/
//   Hive, hourly      …/day=01/hour=10/
//
// A place decides only which folders are not worth a look: the names of the objects decide the rest. A folder that
// fits no place is an ordinary one, and is looked into.
// Source: VPC User Guide, Publish flow logs to Amazon S3, Flow log files.

const LEVELS = ['year', 'month', 'day', 'hour'] as const

export type Place =
  /** Any folder, with AWSLogs somewhere below it or flow logs copied into it. */
  | { readonly kind: 'any' }
  | { readonly kind: 'awsLogs' | 'account' | 'service' | 'region' }
  /** The numbers of year, month, day and hour as far as the folders have named them. */
  | { readonly kind: 'time'; readonly parts: readonly number[] }

const ANY: Place = { kind: 'any' }

// A slot's object lies in the folder of the slot's time. By a slot to either side it might be its neighbour: a slot
// is five minutes, and its documentation has said both that it begins and that it ends at its time.
const DOUBT_SECONDS = 300

/** The place that a path leads to: of the URI itself, whose folders are taken as they are. */
export function placeOfPath(path: string): Place {
  let place = ANY
  for (const name of path.split('/')) if (name !== '') place = childPlace(place, name) ?? ANY
  return place
}

/** The place of a folder by name below a place; null when no flow logs can be in it. */
export function childPlace(place: Place, name: string): Place | null {
  const hive = /^([a-z-]+)=(.*)$/.exec(name)
  if (hive !== null) return hivePlace(place, hive[1]!, hive[2]!)
  if (name === 'AWSLogs') return { kind: 'awsLogs' }
  switch (place.kind) {
    // Below AWSLogs other services' logs are next door, and there may be very many of them.
    case 'awsLogs':
      return /^\d{12}$/.test(name) ? { kind: 'account' } : null
    case 'account':
      return name === 'vpcflowlogs' ? { kind: 'service' } : null
    case 'service':
      return { kind: 'region' }
    case 'region':
      return timePlace([], name) ?? ANY
    case 'time':
      return timePlace(place.parts, name) ?? ANY
    default:
      return name === 'vpcflowlogs' ? { kind: 'service' } : (timePlace([], name) ?? ANY)
  }
}

function hivePlace(place: Place, key: string, value: string): Place | null {
  switch (key) {
    case 'aws-account-id':
      return { kind: 'account' }
    case 'aws-service':
      return value === 'vpcflowlogs' ? { kind: 'service' } : null
    case 'aws-region':
      return { kind: 'region' }
    // Assignment logs and rollups.
    case 'cluster':
    case 'dt':
      return null
    default: {
      const parts = place.kind === 'time' ? place.parts : []
      return key === LEVELS[parts.length] ? (timePlace(parts, value) ?? ANY) : ANY
    }
  }
}

function timePlace(parts: readonly number[], name: string): Place | null {
  if (!(parts.length === 0 ? /^\d{4}$/ : /^\d\d$/).test(name)) return null
  const longer = [...parts, Number(name)]
  return longer.length <= LEVELS.length && intervalOf(longer) !== null
    ? { kind: 'time', parts: longer }
    : null
}

/**
 * Whether the folder of a place can hold a slot in [firstSlot, lastSlot]. A year without Hive's `year=` that doesn't
 * stand below a region can be anybody's folder, with an AWSLogs in it: it can.
 */
export function canHold(
  parent: Place,
  name: string,
  place: Place,
  firstSlot: number,
  lastSlot: number,
): boolean {
  if (place.kind !== 'time') return true
  if (place.parts.length === 1 && parent.kind === 'any' && !name.includes('=')) return true
  const [from, until] = intervalOf(place.parts)!
  return from - DOUBT_SECONDS <= lastSlot && firstSlot < until + DOUBT_SECONDS
}

// [from, until) in Unix seconds; null where the calendar has no such time.
function intervalOf(parts: readonly number[]): readonly [number, number] | null {
  const [year = 0, month = 1, day = 1, hour = 0] = parts
  const date = new Date(Date.UTC(year, month - 1, day, hour))
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour
  if (!same) return null
  const until = [
    Date.UTC(year + 1, 0),
    Date.UTC(year, month),
    Date.UTC(year, month - 1, day + 1),
    Date.UTC(year, month - 1, day, hour + 1),
  ]
  return [date.getTime() / 1000, until[parts.length - 1]! / 1000]
}
