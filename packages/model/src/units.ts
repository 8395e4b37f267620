// Numbers for people: bytes in powers of 1024, dollars, shares, counts.

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** The bytes that AWS bills as one GB. */
export const BILLED_GB = 2 ** 30

/** What a GB across zones costs when both ends are one's own: $0.01 out and $0.01 in (us-east-1 list price). */
export const USD_PER_GB = 0.02

/** `1.2 GiB`, `340 B`: three significant digits at the most. */
export function formatBytes(bytes: bigint | number): string {
  let value = Number(bytes)
  let unit = 0
  // From 999.5 on three digits would round up to 1000.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < BYTE_UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const text = unit === 0 ? String(value) : value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
  return `${text} ${BYTE_UNITS[unit]}`
}

/** What bytes across zones cost in dollars. */
export function usdOf(bytes: bigint | number, usdPerGb = USD_PER_GB, gb = BILLED_GB): number {
  return (Number(bytes) / gb) * usdPerGb
}

/** `$3.40`, `$0.0012`: cents, or two significant digits below one cent. */
export function formatUsd(usd: number): string {
  if (usd === 0) return '$0.00'
  if (usd < 0.000001) return '<$0.000001'
  if (usd >= 0.01)
    return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
  return `$${usd.toFixed(1 - Math.floor(Math.log10(usd)))}`
}

/** `12.3 %`; `0 %` only for nothing at all. */
export function formatShare(part: bigint | number, whole: bigint | number): string {
  if (Number(part) === 0) return '0 %'
  const percent = (Number(part) / Number(whole)) * 100
  return percent < 0.05 ? '<0.1 %' : `${percent.toFixed(1)} %`
}

/** `1,234,567`. */
export function formatCount(count: bigint | number): string {
  return count.toLocaleString('en-US')
}
