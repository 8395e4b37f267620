// What DuckDB says of a text it can't run, as one line with the place.
//
//   Parser Error: syntax error at or near "FORM"          syntax error at or near "FORM" (line 1, column 10)
//
//   LINE 1: SELECT * FORM rollup               ->
//                    ^
//
// An error of the text is the user's to mend (exit status 2); what fails on the way (memory, a damaged file) isn't.

import { RunError, UsageError } from '@zonetoll/command'

const OF_THE_TEXT = /^(?:Parser|Binder|Catalog|Syntax|Not implemented|Permission) Error: /
const PLACE = /\n+LINE (\d+): ([^\n]*)\n( *)\^\s*$/
/** Chunks and prepared statements lead with what they were doing. */
const LEAD = /^(?:Failed to [a-z ]+: )+/i

/** DuckDB's error as one of ours. */
export function sqlError(sql: string, cause: unknown): Error {
  if (cause instanceof UsageError || cause instanceof RunError) return cause
  const said = (cause instanceof Error ? cause.message : String(cause)).replace(LEAD, '')
  // Comments alone are no statement, which is all that DuckDB's library says of them.
  if (said === 'Error in native callback') return sqlRefusal(sql, 0)
  if (said.startsWith('Out of Memory Error')) {
    const remedy = 'ask for fewer hours, columns or groups'
    return new RunError(`the query failed: it needs more memory than it may take; ${remedy}`, { cause })
  }
  const ofTheText = OF_THE_TEXT.test(said)
  const place = PLACE.exec(said)
  const message = said
    .replace(PLACE, '')
    .replace(/^([A-Z][A-Za-z -]*) Error: /, (_, kind: string) => (ofTheText ? '' : `${kind}: `))
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()
  const where = place === null ? '' : whereOf(sql, place)
  if (ofTheText) return new UsageError(`SQL: ${message}${where}`, { cause })
  return new RunError(`the query failed: ${message}${where}`, { cause })
}

/** For text that isn't one statement that reads. */
export function sqlRefusal(sql: string, statements: number): UsageError {
  const expected =
    'SQL: expected one statement that reads (SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW)'
  if (/\bpivot\b/i.test(sql) && statements === 2) {
    return new UsageError(
      `${expected}; a PIVOT needs its values named: ON source_zone IN ('use2-az1', 'use2-az2')`,
    )
  }
  const got = statements === 1 ? 'one that does something else' : `${statements || 'no'} statements`
  return new UsageError(`${expected}, got ${got}: the rollups are only read here`)
}

// DuckDB shows a stretch of a long line, with dots for what is left out: the column is that of the stretch in the line.
// Where the line isn't of this text there is no place.
function whereOf(sql: string, place: RegExpExecArray): string {
  const number = Number(place[1])
  const shown = place[2]!
  const lead = `LINE ${number}: `.length
  const dots = shown.startsWith('...') ? 3 : 0
  const stretch = shown.slice(dots).replace(/\.\.\.$/, '')
  const start = (sql.split('\n')[number - 1] ?? '').indexOf(stretch)
  const column = start + place[3]!.length - lead - dots + 1
  return start < 0 || column < 1 ? '' : ` (line ${number}, column ${column})`
}
