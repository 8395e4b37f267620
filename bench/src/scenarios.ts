// The data that is measured, by what varies: each scenario is the standard one but for that.

import { DEFAULTS, type SampleOptions } from '@zonetoll/sample'

export interface Scenario {
  readonly name: string
  /** What is different about it. */
  readonly what: string
  /** How a data set differs from what `pnpm sample` makes when it isn't told; records, seed and place come later. */
  readonly sample: Partial<Omit<SampleOptions, 'out' | 'records' | 'seed'>>
}

const STANDARD = { pods: 5000, peers: 20, fields: 25, objects: 48 } as const

export const SCENARIOS: readonly Scenario[] = [
  { name: 'standard', what: '5,000 pods, about 20 peers each, 25 fields, 48 objects', sample: STANDARD },
  { name: 'few-pairs', what: '200 pods, about 4 peers each', sample: { ...STANDARD, pods: 200, peers: 4 } },
  {
    name: 'many-pairs',
    what: '20,000 pods, about 60 peers each',
    sample: { ...STANDARD, pods: 20_000, peers: 60 },
  },
  { name: 'all-known', what: 'no address that nobody known held', sample: { ...STANDARD, unknown: 0 } },
  {
    name: 'mostly-unknown',
    what: 'nine lines of ten have an address that nobody known held',
    sample: { ...STANDARD, unknown: 0.9 },
  },
  {
    name: 'heavy-reuse',
    what: 'six addresses of ten pass to another pod within the hour',
    sample: { ...STANDARD, reuse: 0.6 },
  },
  { name: 'ipv6', what: 'every pod has an IPv6 address too', sample: { ...STANDARD, ipv6: 1 } },
  { name: 'six-fields', what: 'the shortest format', sample: { ...STANDARD, fields: 6 } },
  {
    name: 'version-11',
    what: '29 fields, those of version 11 among them',
    sample: { ...STANDARD, fields: 29 },
  },
  { name: 'one-object', what: 'all lines in one large object', sample: { ...STANDARD, objects: 1 } },
  { name: 'thousand-objects', what: 'a thousand small objects', sample: { ...STANDARD, objects: 1000 } },
]

export const DEFAULT_SCENARIO = 'standard'
export const DEFAULT_RECORDS = 10_000_000

/** The same scenario with a tenth of the pods: few records then meet each of them often. */
export function smaller(scenario: Scenario): Scenario {
  const pods = Math.ceil((scenario.sample.pods ?? STANDARD.pods) / 10)
  return { ...scenario, name: `${scenario.name}-small`, sample: { ...scenario.sample, pods } }
}

/** All that `pnpm sample` must know to make a scenario's data, but where it goes. */
export function sampleOptions(scenario: Scenario, records: number, seed: number): Omit<SampleOptions, 'out'> {
  return { ...DEFAULTS, cluster: 'bench', ...scenario.sample, records, seed, replace: true }
}
