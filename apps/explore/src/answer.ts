// From a question to its answer in the format that was asked for.

import { join } from 'node:path'
import { printable, UsageError, type Run } from '@zonetoll/command'
import { formatCount } from '@zonetoll/model'
import { bytesOf, outputFile, toFile, toStandardOutput, type OutputFile } from './answer-output.ts'
import { locationOf } from './hour-options.ts'
import { LEDGER_DETAILS, type LedgerDetail } from './ledger-tables.ts'
import { pricedFunctions } from './named-queries.ts'
import { openHours, type OpenHours } from './open-hours.ts'
import { tableOf } from './people-table.ts'
import { plainValue, resultColumn, type ResultRow } from './plain-value.ts'
import type { Asked, QueryOptions } from './query-options.ts'
import type { Selection } from './selection.ts'
import { csvText, jsonText, markdownText, tableText } from './result-text.ts'
import { mustBeKnown } from './unknown-names.ts'

/** Asks, and writes the answer; notes go to standard error. */
export async function answer(options: QueryOptions, run: Run): Promise<void> {
  const { asked, format } = options
  // Before anything is fetched.
  const file = options.output === null ? null : outputFile(options.output, '--output')
  if (format === 'parquet' && file === null && process.stdout.isTTY) {
    throw new UsageError('Parquet is not for a terminal: name a file with --output, or pipe it somewhere')
  }
  const open = await openHours(locationOf('--rollups', options.rollups), {
    cluster: options.cluster,
    interval: options.interval,
    rollups: 'sql' in asked || asked.query.needsRollups(asked.filters),
    details: detailsOf(asked),
    functions: pricedFunctions(options.price),
    progress: options.quiet ? null : process.stderr,
    signal: run.signal,
  })
  try {
    const notes = [...open.notes, ...(await ask(options, open, file, run.signal))]
    if (!options.quiet) for (const note of notes) process.stderr.write(`note: ${printable(note)}\n`)
  } finally {
    open.database.close()
  }
}

// SQL may ask for anything; a named question needs names where one isn't found.
function detailsOf(asked: Asked): readonly LedgerDetail[] {
  if ('sql' in asked) return LEDGER_DETAILS
  return Object.keys(asked.filters).length > 0 ? ['ledger_workload'] : []
}

async function ask(
  options: QueryOptions,
  open: OpenHours,
  file: OutputFile | null,
  signal: AbortSignal,
): Promise<string[]> {
  const { database } = open
  const selection = await database.select(sqlOf(options.asked, open), options.limit)
  if (selection.rowCount === 0 && 'query' in options.asked) await mustBeKnown(options.asked.filters, database)
  if (options.format === 'parquet') {
    const path = join(database.folder, 'answer.parquet')
    await selection.writeParquet(path)
    if (file === null) await toStandardOutput(bytesOf(path))
    else await file.location.store.write(file.key, { file: path }, { signal })
  } else {
    const parts = partsOf(selection, options, file === null && process.stdout.isTTY)
    if (file === null) await toStandardOutput(parts)
    else await toFile(file, parts, join(database.folder, 'answer'), signal)
  }
  return notesOf(selection, options)
}

function sqlOf(asked: Asked, { crossZoneOnly }: OpenHours): string {
  return 'sql' in asked ? asked.sql : asked.query.sql({ filters: asked.filters, crossZoneOnly })
}

/** The answer as text, in parts that may be written as they come. */
async function* partsOf(
  selection: Selection,
  { format, asked }: QueryOptions,
  toTerminal: boolean,
): AsyncGenerator<string> {
  const columns = selection.names.map((name, at) => resultColumn(name, selection.types[at]!))
  const rows = rowsOf(selection)
  if (format === 'csv') {
    yield* csvText(columns, rows, toTerminal)
    return
  }
  if (format === 'json') {
    yield* jsonText(columns, rows)
    return
  }
  const all: ResultRow[] = []
  for await (const some of rows) all.push(...some)
  const table = 'query' in asked ? asked.query.table(columns, all) : tableOf(columns, all)
  if (format === 'markdown') yield markdownText(table)
  else yield tableText(table, toTerminal ? process.stdout.columns || DEFAULT_WIDTH : undefined)
}

async function* rowsOf(selection: Selection): AsyncGenerator<readonly ResultRow[]> {
  for await (const chunk of selection.chunks()) yield chunk.getRows().map(row => row.map(plainValue))
}

function notesOf({ more, rowCount }: Selection, { limit, asked }: QueryOptions): string[] {
  if (more) return [`the first ${formatCount(limit!)} rows; there are more: --limit 0 shows all`]
  if (rowCount > 0 || 'sql' in asked) return []
  return asked.query.name === 'pods'
    ? ['nothing: bytes inside a zone have rows only where pnpm start made them with --all-pairs']
    : ['nothing crossed zones that fits']
}

/** Columns of a terminal that doesn't tell (some tell 0). */
const DEFAULT_WIDTH = 100
