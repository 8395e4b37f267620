// A table of columns gives the records and counts of the same lines in text: the byte scanner is the twin.

import { expect, test } from 'vitest'
import { twoForms, type LogColumn, type LogTable } from '../../../test/support/parquet-log.ts'
import { randomHour } from '../../../test/support/random-hour.ts'
import { GROWING_TOKENS, readRecords, recordOf, type ReadRecord } from '../../../test/support/read-records.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { parseColumns, TableReader } from '../src/index.ts'
import type { IntegerSlice, RecordBatch, Texts, TextSlice } from '../src/index.ts'

const encoder = new TextEncoder()

function kindOf({ type }: LogColumn): 'text' | 'timestamp' | 'integer' {
  return type === 'text' || type === 'timestamp' ? type : 'integer'
}

function textsOf(texts: readonly string[]): Texts {
  const bytes = encoder.encode(`before${texts.join('')}behind`)
  const starts = new Int32Array(texts.length)
  const ends = new Int32Array(texts.length)
  let at = 'before'.length
  for (const [place, text] of texts.entries()) {
    starts[place] = at
    at += encoder.encode(text).length
    ends[place] = at
  }
  return { bytes, starts, ends, count: texts.length }
}

/** A part of a column as texts: of a dictionary where one is given, else each one's own. */
function textSlice(values: readonly (string | null)[], dictionary: readonly string[] | null): TextSlice {
  const known = dictionary ?? values.filter(value => value !== null)
  let next = 0
  const entries = values.map(value => {
    if (value === null) return -1
    return dictionary === null ? next++ : known.indexOf(value)
  })
  return { texts: textsOf(known), entries: Int32Array.from(entries) }
}

function integerSlice(values: readonly (string | null)[]): IntegerSlice {
  const integers = values.map(value => BigInt.asUintN(64, BigInt(value ?? 0)))
  return {
    words: Uint32Array.from(integers.flatMap(value => [Number(value & 0xffffffffn), Number(value >> 32n)])),
    present: Uint8Array.from(values, value => (value === null ? 0 : 1)),
  }
}

function readTable(random: Seeded, { columns, rows }: LogTable) {
  const format = parseColumns(columns.map(column => ({ ...column, kind: kindOf(column), described: '' })))
  const reader = new TableReader(format.slots, GROWING_TOKENS)
  const records: ReadRecord[] = []
  const sink = (batch: RecordBatch) => {
    for (let row = 0; row < batch.count; row++) records.push(recordOf(batch, row))
  }
  const dictionaries = format.columns.map(at => {
    const texts = rows.map(row => row[at]!).filter(value => value !== null)
    return random.chance(0.5) ? random.shuffled([...new Set(texts), 'of no row']) : null
  })
  for (let from = 0; from < rows.length;) {
    const part = rows.slice(from, from + 1 + random.int(rows.length))
    from += part.length
    const slices = format.columns.map((at, k) => {
      const values = part.map(row => row[at] ?? null)
      return columns[at]!.type === 'text' ? textSlice(values, dictionaries[k]!) : integerSlice(values)
    })
    reader.push({ rows: part.length, columns: slices }, sink)
  }
  return { records, counts: reader.counts, interfaceAddresses: format.interfaceAddresses }
}

test('columns give the records and counts of the same lines in text, on 1,500 random objects', () => {
  const reached = { records: 0, malformed: 0, skipData: 0, noData: 0 }
  for (let seed = 1; seed <= 1500; seed++) {
    const random = new Seeded(9_000_000 + seed)
    const { text, table } = twoForms(random, randomHour(random).objects[0]!.text, { safe: false })
    const expected = readRecords(text)
    expect(readTable(random, table), `seed ${seed}`).toEqual(expected)
    reached.records += expected.records.length
    for (const count of ['malformed', 'skipData', 'noData'] as const) reached[count] += expected.counts[count]
  }
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(50)
})
