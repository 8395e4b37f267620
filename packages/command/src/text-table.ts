// Tables and paragraphs of text for a terminal: columns as wide as their widest cell, names cut in the middle where
// they don't fit. Widths are in code points, which is what most terminals give one column each.

import { printableLine } from './printable.ts'

export interface Layout {
  /** How many columns, from the first, are flush left, or which are; the others are flush right. */
  readonly left: number | readonly boolean[]
  /** 'left' where the last column is flush left too. */
  readonly last?: 'left'
  /** Columns of the terminal; without it nothing is cut. */
  readonly width?: number
}

const GAP = 2
const LEAST = 12

/** The lines of a table; flush-left columns share what width there is. */
export function layOut(rows: readonly (readonly string[])[], layout: Layout): string[] {
  const cells = rows.map(row => row.map(printableLine))
  const columns = cells[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, at) =>
    cells.reduce((most, row) => Math.max(most, sizeOf(row[at]!)), 0),
  )
  const { left, last, width } = layout
  const isName = widths.map((_, at) => (typeof left === 'number' ? at < left : left[at] === true))
  if (width !== undefined) shrink(widths, isName, width)
  const isLeft = (at: number) => isName[at]! || (last === 'left' && at === columns - 1)
  return cells.map(row =>
    row
      .map((cell, at) => {
        const fitted = cutMiddle(cell, widths[at]!)
        const space = ' '.repeat(widths[at]! - sizeOf(fitted))
        return isLeft(at) ? fitted + space : space + fitted
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}

// Takes from the widest of the names' columns until the table fits or they are at their least.
function shrink(widths: number[], isName: readonly boolean[], width: number): void {
  let over = widths.reduce((sum, each) => sum + each, 0) + GAP * (widths.length - 1) - width
  while (over > 0) {
    const names = widths.map((each, at) => (isName[at] ? each : 0))
    const widest = names.indexOf(Math.max(...names))
    if (widest < 0 || names[widest]! <= LEAST) return
    widths[widest]!--
    over--
  }
}

function cutMiddle(text: string, width: number): string {
  const characters = Array.from(text)
  if (characters.length <= width) return text
  const tail = Math.floor((width - 1) / 2)
  return `${characters.slice(0, width - 1 - tail).join('')}…${characters.slice(characters.length - tail).join('')}`
}

/** The lines of a text broken at spaces; all but the first begin with the indent. A word wider than the width stays whole. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  for (let rest = text; ;) {
    const lead = rest.length - rest.trimStart().length
    let at = rest.length > width ? rest.lastIndexOf(' ', width) : -1
    if (rest.length > width && at <= lead) at = rest.indexOf(' ', lead)
    if (at < 0) return [...lines, rest]
    lines.push(rest.slice(0, at).trimEnd())
    rest = indent + rest.slice(at).trimStart()
  }
}

function sizeOf(text: string): number {
  return Array.from(text).length
}
