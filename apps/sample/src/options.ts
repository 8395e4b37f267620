// The options of `pnpm sample`, checked before anything is written.

import { BadValue, UsageError, type CommandDefinition, readCluster, wholeNumber } from '@zonetoll/command'
import { parseHour, type Hour } from '@zonetoll/model'
import type { SampleOptions } from './data-set.ts'
import { FORMATS, type FieldCount } from './line-writer.ts'
import { LAYOUTS, type Layout } from './objects.ts'
import { LEAST_PODS } from './workloads.ts'

/** All but where it goes. */
export const DEFAULTS: Omit<SampleOptions, 'out'> = {
  pods: 300,
  records: 100_000,
  objects: 14,
  start: parseHour('2024-05-01T10')!,
  hours: 1,
  seed: 1,
  peers: 10,
  fields: 25,
  unknown: 0.08,
  reuse: 0.05,
  ipv6: 0,
  cluster: 'demo',
  layout: 'hourly',
  level: 6,
  malformed: 0,
  replace: false,
}

const MOST_PODS = 1_000_000
const MOST_RECORDS = 10_000_000_000
const MOST_OBJECTS = 1_000_000
const MOST_HOURS = 744
const MOST_PEERS = 1000
const MOST_REUSE = 0.6

export const SAMPLE: CommandDefinition = {
  name: 'pnpm sample',
  description: [
    'Writes a data set of any size that looks like a real EKS cluster: DIR/logs with VPC flow logs, DIR/assignments',
    'with the assignment log, and DIR/truth.json, which says what pnpm start must find in them. The same options and',
    'seed write the same bytes whenever they are run. Memory grows with pods and peers, not with records.',
  ].join(' '),
  options: [
    { flags: '--out <dir>', description: 'where it goes; needed' },
    {
      flags: '--pods <n>',
      description: `pods at a time, ${LEAST_PODS} or more (default: ${DEFAULTS.pods})`,
      parse: wholeNumber(LEAST_PODS, MOST_PODS),
    },
    {
      flags: '--records <n>',
      description: `lines of flow logs (default: ${DEFAULTS.records})`,
      parse: wholeNumber(1, MOST_RECORDS),
    },
    {
      flags: '--objects <n>',
      description: `objects, at least one an hour; with 14 an hour every slot has one (default: 14 an hour)`,
      parse: wholeNumber(1, MOST_OBJECTS),
    },
    { flags: '--start <hour>', description: 'the first UTC hour (default: 2024-05-01T10)', parse: readHour },
    {
      flags: '--hours <h>',
      description: `how many hours (default: ${DEFAULTS.hours})`,
      parse: wholeNumber(1, MOST_HOURS),
    },
    {
      flags: '--seed <s>',
      description: `0 to 4294967295 (default: ${DEFAULTS.seed})`,
      parse: wholeNumber(0, 2 ** 32 - 1),
    },
    {
      flags: '--peers <n>',
      description: `about how many peers a pod sends to, replies included (default: ${DEFAULTS.peers})`,
      parse: wholeNumber(2, MOST_PEERS),
    },
    {
      flags: '--fields <n>',
      description: 'the format: 6 what is needed, 25 a usual custom one, 29 with version 11 (default: 25)',
      parse: readFields,
    },
    {
      flags: '--unknown <share>',
      description: `share of lines with an address that nobody known held (default: ${DEFAULTS.unknown})`,
      parse: share(0.95),
    },
    {
      flags: '--reuse <share>',
      description: `share of pods whose address another takes over within each hour (default: ${DEFAULTS.reuse})`,
      parse: share(MOST_REUSE),
    },
    {
      flags: '--ipv6 <share>',
      description: `share of pods with an IPv6 address too (default: ${DEFAULTS.ipv6})`,
      parse: share(1),
    },
    {
      flags: '--cluster <name>',
      description: `the cluster's name (default: ${DEFAULTS.cluster})`,
      parse: readCluster,
    },
    {
      flags: '--layout <name>',
      description: `keys of objects: ${LAYOUTS.join(', ')} (default: ${DEFAULTS.layout})`,
      parse: readLayout,
    },
    {
      flags: '--level <n>',
      description: `gzip's, 1 to 9 (default: ${DEFAULTS.level})`,
      parse: wholeNumber(1, 9),
    },
    {
      flags: '--malformed <n>',
      description: `how many of the lines no reader can make sense of (default: ${DEFAULTS.malformed})`,
      parse: wholeNumber(0, MOST_RECORDS),
    },
    { flags: '--replace', description: 'put it in the place of a data set that stands in the folder' },
    { flags: '--json', description: 'the result as one JSON line' },
    { flags: '--quiet', description: 'no progress' },
  ],
  examples: [
    'pnpm sample --out ./sample',
    'pnpm start --hour 2024-05-01T10 --logs ./sample/logs --assignments ./sample/assignments',
    'pnpm sample --out ./large --pods 5000 --peers 20 --records 10000000 --objects 48',
    'pnpm sample --out ./day --hours 24 --records 1000000 --reuse 0.2 --ipv6 0.5 --layout hive',
  ],
}

export interface CommandOptions extends SampleOptions {
  readonly quiet: boolean
  readonly json: boolean
}

/** What commander read, as options. Throws UsageError. */
export function readOptions(values: Readonly<Record<string, unknown>>): CommandOptions {
  const given = values as Partial<CommandOptions>
  if (given.out === undefined)
    throw new UsageError('no folder given: say where the data set goes with --out DIR')
  const hours = given.hours ?? DEFAULTS.hours
  const options = {
    ...DEFAULTS,
    objects: DEFAULTS.objects * hours,
    quiet: false,
    json: false,
    ...given,
    out: given.out,
  }
  if (options.objects < hours) {
    throw new UsageError(`--objects ${options.objects} is too few for --hours ${hours}: at least one an hour`)
  }
  if (options.malformed > options.records) {
    throw new UsageError(`--malformed ${options.malformed} is more than --records ${options.records}`)
  }
  return options
}

function share(most: number): (text: string) => number {
  return text => {
    const value = /^(?:0|1|0?\.\d{1,9}|1\.0{1,9})$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= 0 && value <= most)) throw new BadValue(`Expected a share from 0 to ${most}, like 0.05.`)
    return value
  }
}

function readHour(text: string): Hour {
  const hour = parseHour(text)
  if (hour === null) throw new BadValue('Expected a UTC hour like 2024-05-01T10.')
  return hour
}

function readFields(text: string): FieldCount {
  const fields = Number(text)
  if (!Object.hasOwn(FORMATS, text)) throw new BadValue(`Expected one of ${Object.keys(FORMATS).join(', ')}.`)
  return fields as FieldCount
}

function readLayout(text: string): Layout {
  const layout = LAYOUTS.find(name => name === text)
  if (layout === undefined) throw new BadValue(`Expected one of ${LAYOUTS.join(', ')}.`)
  return layout
}
