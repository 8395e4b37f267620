// A figure that was measured several times: the one in the middle, and how far the others lie.

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Null for no values. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, least: sorted[0]!, most: sorted[sorted.length - 1]! }
}

/** Two or three digits that count; the least and the most behind it where they are others: `1.31 (1.29–1.34)`. */
export function formatSpread(spread: Spread | null): string {
  if (spread === null) return '-'
  const [median, least, most] = [spread.median, spread.least, spread.most].map(formatFigure)
  return least === most ? median! : `${median} (${least}–${most})`
}

export function formatFigure(value: number): string {
  if (value >= 100) return value.toLocaleString('en-US', { maximumFractionDigits: 0 })
  return value.toFixed(value >= 10 ? 1 : 2)
}
