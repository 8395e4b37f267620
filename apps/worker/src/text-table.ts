// Tables of text for a terminal: columns as wide as their widest cell, names cut in the middle where they don't fit.

import { printable } from '@zonetoll/command'

export interface Layout {
  /** How many columns, from the first, are flush left; the others are flush right. */
  readonly left: number
  /** 'left' where the last column is flush left too. */
  readonly last?: 'left'
  /** Columns of the terminal; without it nothing is cut. */
  readonly width?: number
}

const GAP = 2
const LEAST = 12

/** The lines of a table; flush-left columns share what width there is. */
export function layOut(rows: readonly (readonly string[])[], layout: Layout): string[] {
  const cells = rows.map(row => row.map(printable))
  const columns = cells[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...cells.map(row => row[at]!.length)))
  if (layout.width !== undefined) shrink(widths, layout.left, layout.width)
  const isLeft = (at: number) => at < layout.left || (layout.last === 'left' && at === columns - 1)
  return cells.map(row =>
    row
      .map((cell, at) => {
        const fitted = cutMiddle(cell, widths[at]!)
        return isLeft(at) ? fitted.padEnd(widths[at]!) : fitted.padStart(widths[at]!)
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}

// Takes from the widest of the first columns until the table fits or they are at their least.
function shrink(widths: number[], left: number, width: number): void {
  let over = widths.reduce((sum, each) => sum + each, 0) + GAP * (widths.length - 1) - width
  while (over > 0) {
    const names = widths.slice(0, left)
    const widest = names.indexOf(Math.max(...names))
    if (widest < 0 || widths[widest]! <= LEAST) return
    widths[widest]!--
    over--
  }
}

function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text
  const tail = Math.floor((width - 1) / 2)
  return `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}`
}
