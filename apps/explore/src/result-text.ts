// A result as text in each of the formats, in parts that may be written as they come.
//
//   table      columns as wide as what is in them, at most as wide as the terminal; where even cut names don't fit,
//              a line a value, as psql's \x has it
//   markdown   GitHub's tables; what Markdown would take for its own is escaped
//   csv        RFC 4180 with LF: null is nothing, an empty text is ""
//   json       a list of objects, one a line; integers above 2^53 are strings of digits
//
// Table and Markdown neutralise what a terminal would obey. JSON writes such characters as \u escapes, which any reader
// turns back. CSV has no escapes: it is left as it is but for a terminal, where nobody parses it.

import { layOut, printable, printableJson } from '@zonetoll/command'
import { compactJson, type PeopleTable } from './people-table.ts'
import type { Plain, ResultColumn, ResultRow } from './plain-value.ts'

/** A table in lines that fit the width; without one nothing is cut. */
export function tableText(table: PeopleTable, width: number | undefined): string {
  for (const { columns, rows } of [table, withoutBars(table)]) {
    const lines = layOut([columns.map(({ heading }) => heading), ...rows], {
      left: columns.map(({ kind }) => kind !== 'number'),
      ...(width === undefined ? {} : { width }),
    })
    if (width === undefined || lines.every(line => charactersOf(line) <= width))
      return `${lines.join('\n')}\n`
  }
  return recordsText(withoutBars(table), width!)
}

function withoutBars({ columns, rows }: PeopleTable): PeopleTable {
  const kept = columns.map(({ kind }) => kind !== 'bar')
  return {
    columns: columns.filter((_, at) => kept[at]),
    rows: rows.map(row => row.filter((_, at) => kept[at])),
  }
}

const INDENT = 2

// One value a line, the row's number above: `source_name  client-1`.
function recordsText({ columns, rows }: PeopleTable, width: number): string {
  const lines = rows.flatMap((row, at) => [
    cut(`row ${at + 1}`, width),
    ...layOut(
      row.map((cell, column) => [columns[column]!.heading, cell]),
      { left: 2, width: Math.max(1, width - INDENT) },
    ).map(line => cut(' '.repeat(INDENT) + line, width)),
  ])
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function cut(line: string, width: number): string {
  return charactersOf(line) <= width ? line : Array.from(line).slice(0, width).join('')
}

function charactersOf(text: string): number {
  return Array.from(text).length
}

/** A table as GitHub's Markdown. */
export function markdownText({ columns, rows }: PeopleTable): string {
  return [
    markdownLine(columns.map(({ heading }) => markdownCell(heading))),
    markdownLine(columns.map(({ kind }) => (kind === 'number' ? '--:' : '---'))),
    ...rows.map(row => markdownLine(row.map(markdownCell))),
  ].join('')
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`
}

function markdownCell(text: string): string {
  return printable(text)
    .replaceAll(/[\\`*_[\]<>|~&#$]/g, character => (character === '<' ? '&lt;' : `\\${character}`))
    .replaceAll('\n', String.raw`\\u{a}`)
}

/** Lines of CSV, the columns' names first. */
export async function* csvText(
  columns: readonly ResultColumn[],
  rows: AsyncIterable<readonly ResultRow[]>,
  onTerminal: boolean,
): AsyncGenerator<string> {
  const line = (cells: readonly string[]) =>
    `${cells.map(cell => (onTerminal ? printable(cell) : cell)).join(',')}\n`
  yield line(columns.map(({ name }) => csvCell(name)))
  for await (const some of rows) yield some.map(row => line(row.map(csvCell))).join('')
}

function csvCell(value: Plain): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? compactJson(value) : String(value)
  // A lone CR, too: some readers end a line there.
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One JSON list, a line a row. */
export async function* jsonText(
  columns: readonly ResultColumn[],
  rows: AsyncIterable<readonly ResultRow[]>,
): AsyncGenerator<string> {
  const names = distinct(columns)
  let lead = '[\n'
  for await (const some of rows) {
    for (const row of some) {
      const object = Object.fromEntries(names.map((name, at) => [name, row[at]!]))
      yield lead + printableJson(compactJson(object))
      lead = ',\n'
    }
  }
  yield lead === ',\n' ? '\n]\n' : '[]\n'
}

// SELECT a, a has two columns of one name, an object one member.
function distinct(columns: readonly ResultColumn[]): string[] {
  const seen = new Set<string>()
  return columns.map(({ name }) => {
    let unique = name
    for (let number = 1; seen.has(unique); number++) unique = `${name}_${number}`
    seen.add(unique)
    return unique
  })
}
