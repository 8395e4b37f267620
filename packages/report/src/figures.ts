// Numbers as the page says them: dollars, counts and times with their units.

import {
  BILLED_GB,
  formatSeconds,
  formatUsd,
  HOUR_SECONDS,
  USD_PER_GB,
  usdOf,
  type UnixSeconds,
} from '@zonetoll/model'

/** What bytes across zones cost. */
export interface Price {
  /** Dollars a GB; 0.02 where it isn't given: both ends are one's own. */
  readonly usdPerGb?: number
  /** Bytes of a GB; 2^30 where it isn't given. */
  readonly gb?: number
}

/** Hours of a month: 365 days in twelve parts. */
export const MONTH_HOURS = 730

export class Money {
  readonly #usdPerGb: number
  readonly #gb: number
  readonly #hours: number

  /** `hours`: how many the page adds up. */
  constructor({ usdPerGb = USD_PER_GB, gb = BILLED_GB }: Price, hours: number) {
    this.#usdPerGb = usdPerGb
    this.#gb = gb
    this.#hours = hours
  }

  /** `$3.40` for bytes across zones. */
  of(bytes: bigint): string {
    return formatUsd(usdOf(bytes, this.#usdPerGb, this.#gb))
  }

  /** `$3.40`: what a month of such hours costs. */
  monthly(bytes: bigint): string {
    return formatUsd(this.#monthly(bytes))
  }

  /** `$0.02 a GiB`. */
  get price(): string {
    const unit = this.#gb === BILLED_GB ? 'GiB' : this.#gb === 1e9 ? 'GB' : `${this.#gb} bytes`
    return `${formatUsd(this.#usdPerGb)} a ${unit}`
  }

  #monthly(bytes: bigint): number {
    return (usdOf(bytes, this.#usdPerGb, this.#gb) * MONTH_HOURS) / Math.max(1, this.#hours)
  }
}

/** `1 hour`, `1,234 hours`. */
export function counted(count: number | bigint, what: string, plural = `${what}s`): string {
  return `${count.toLocaleString('en-US')} ${Number(count) === 1 ? what : plural}`
}

/** `2024-05-01 10:00`. */
export function formatMinute(seconds: number): string {
  return formatSeconds(seconds).slice(0, 16).replace('T', ' ')
}

/** `2024-05-01 10:00 to 11:00 UTC`; with both days where the hours span more than one. */
export function formatInterval(from: UnixSeconds, until: UnixSeconds): string {
  const begin = formatMinute(from)
  const end = formatMinute(until)
  const sameDay = until - from < 24 * HOUR_SECONDS && begin.slice(0, 10) === end.slice(0, 10)
  return `${begin} to ${sameDay ? end.slice(11) : end} UTC`
}

/** `+12.3 %`, `-4.0 %`, `±0 %`; `new` where there was nothing before. */
export function formatChange(now: bigint, before: bigint): string {
  if (now === before) return '±0 %'
  if (before === 0n) return 'new'
  const percent = (Number(now - before) / Number(before)) * 100
  const size = Math.abs(percent)
  const text =
    size < 0.05 ? '<0.1' : size < 999.5 ? size.toFixed(1) : Math.round(size).toLocaleString('en-US')
  return `${percent < 0 ? '−' : '+'}${text} %`
}

/** The sum of what a list leaves out. */
export function sumOf(items: readonly { readonly bytes: bigint }[]): bigint {
  return items.reduce((sum, { bytes }) => sum + bytes, 0n)
}
