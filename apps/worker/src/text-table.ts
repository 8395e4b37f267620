// Tables and paragraphs of text for a terminal: columns as wide as their widest cell, names cut in the middle where
// they don't fit. Widths are in code points, which is what most terminals give one column each.

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
  const cells = rows.map(row => row.map(oneLine))
  const columns = cells[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...cells.map(row => sizeOf(row[at]!))))
  if (layout.width !== undefined) shrink(widths, layout.left, layout.width)
  const isLeft = (at: number) => at < layout.left || (layout.last === 'left' && at === columns - 1)
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

// A cell is one line, whatever stands in the text.
function oneLine(text: string): string {
  return printable(text).replaceAll('\n', String.raw`\u{a}`)
}

function sizeOf(text: string): number {
  return Array.from(text).length
}
