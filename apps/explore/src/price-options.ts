// What a byte across zones costs, as --usd-per-gb and --gb say it.

import { BadValue, type OptionDefinition } from '@zonetoll/command'
import { BILLED_GB, USD_PER_GB } from '@zonetoll/model'

export interface Price {
  readonly usdPerGb: number
  /** The bytes that are billed as one GB. */
  readonly gb: number
}

export const PRICE_OPTIONS: readonly OptionDefinition[] = [
  {
    flags: '--usd-per-gb <usd>',
    description: `what a GB across zones costs (default: ${USD_PER_GB}, $0.01 out and $0.01 in, where both ends are yours)`,
    parse: readUsd,
  },
  {
    flags: '--gb <bytes>',
    description: 'the bytes that are billed as one GB: 2^30 or 10^9 (default: 2^30)',
    parse: readGb,
  },
]

export function priceOf(given: { readonly usdPerGb?: number; readonly gb?: number }): Price {
  return { usdPerGb: given.usdPerGb ?? USD_PER_GB, gb: given.gb ?? BILLED_GB }
}

const SIZES: Readonly<Record<string, number>> = {
  '2^30': 2 ** 30,
  '1073741824': 2 ** 30,
  '10^9': 1e9,
  '1e9': 1e9,
  '1000000000': 1e9,
}

function readGb(text: string): number {
  const size = Object.hasOwn(SIZES, text) ? SIZES[text] : undefined
  if (size === undefined) throw new BadValue('Expected 2^30 or 10^9.')
  return size
}

const MOST_USD = 1000

function readUsd(text: string): number {
  const usd = /^\d{1,4}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  if (!(usd <= MOST_USD)) throw new BadValue(`Expected dollars like 0.02, from 0 to ${MOST_USD}.`)
  return usd
}
