// The options of `pnpm report`, checked before anything is read.

import { readText, type CommandDefinition } from '@zonetoll/command'
import type { Hour } from '@zonetoll/model'
import { outputFile, type OutputFile } from './answer-output.ts'
import { HOUR_OPTIONS, intervalOf, locationOf, type HourValues } from './hour-options.ts'
import { PRICE_OPTIONS, priceOf, type Price } from './price-options.ts'
import type { HourInterval } from './stored-hours.ts'
import type { Location } from '@zonetoll/objects'

export interface ReportOptions {
  readonly interval: HourInterval | null
  readonly rollups: Location
  readonly cluster: string | null
  readonly out: OutputFile
  readonly price: Price
  /** Null for the page's own. */
  readonly title: string | null
  readonly quiet: boolean
  readonly json: boolean
}

const DEFAULT_OUT = './report.html'

export const REPORT: CommandDefinition = {
  name: 'pnpm report',
  description: [
    'Draws the rollups: one HTML page that says what crosses availability zones, what it costs, who sends it to whom, what',
    'would keep it in its zone, and how far the figures can be trusted. The page needs nothing else: it loads nothing,',
    'opens from a disk or a bucket, and can be mailed. The same rollups give the same page. Where the hours before, as',
    'many, are stored too, it compares.',
  ].join(' '),
  options: [
    ...HOUR_OPTIONS,
    {
      flags: '--out <file>',
      description: `where the page goes, in the place of what is there: a path or s3://bucket/key (default: ${DEFAULT_OUT})`,
      parse: readText,
    },
    {
      flags: '--title <text>',
      description: "the page's heading (default: Traffic across zones)",
      parse: readText,
    },
    ...PRICE_OPTIONS,
    { flags: '--quiet', description: 'no progress and no notes' },
    {
      flags: '--json',
      description: 'where the page is and its headline as one JSON line on standard output',
    },
  ],
  examples: [
    'pnpm report',
    'pnpm report --hour 2024-05-01T10 --out today.html',
    'pnpm report --from 2024-05-01T00 --to 2024-06-01T00 --rollups s3://zonetoll/rollups --title "Shop, May 2024"',
    'pnpm report --rollups s3://zonetoll/rollups --cluster shop --out s3://zonetoll/reports/shop.html',
    'pnpm report --usd-per-gb 0.02 --gb 10^9',
  ],
}

/** What commander read, as options. Throws UsageError. */
export function readReportOptions(values: Readonly<Record<string, unknown>>): ReportOptions {
  const given = values as HourValues & {
    readonly hour?: Hour
    readonly rollups?: string
    readonly cluster?: string
    readonly out?: string
    readonly title?: string
    readonly usdPerGb?: number
    readonly gb?: number
    readonly quiet?: boolean
    readonly json?: boolean
  }
  return {
    interval: intervalOf(given),
    rollups: locationOf('--rollups', given.rollups ?? './rollups'),
    cluster: given.cluster ?? null,
    out: outputFile(given.out ?? DEFAULT_OUT, '--out'),
    price: priceOf(given),
    title: given.title ?? null,
    quiet: given.quiet ?? false,
    json: given.json ?? false,
  }
}
