// Readers skip row groups by their statistics: a filter must find the same rows as if they didn't.

import { compareText } from '@zonetoll/model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DuckDB } from './duckdb.ts'
import {
  cells,
  COLUMN_NAMES,
  HOUR,
  INTEGERS,
  isTotal,
  plainRow,
  podNamed,
  seededRows,
  TEXTS,
  written,
} from './rows.ts'

const SEED = 20240505

let duckdb: DuckDB
beforeAll(async () => {
  duckdb = await DuckDB.open()
})
afterAll(() => duckdb.close())

describe('filters', () => {
  const COMPARISONS = {
    '=': (order: number) => order === 0,
    '<': (order: number) => order < 0,
    '<=': (order: number) => order <= 0,
    '>': (order: number) => order > 0,
    '>=': (order: number) => order >= 0,
  }

  test('find the right rows in DuckDB, whatever it skips: every column, every comparison', async () => {
    const rows = seededRows(120, SEED).sort((a, b) => compareText(a.source.name, b.source.name))
    const { bytes } = await written(rows, { groupRows: 4 })
    const table = await duckdb.table(bytes)
    for (const [at, name] of COLUMN_NAMES.entries()) {
      for (const [operator, holds] of Object.entries(COMPARISONS)) {
        for (const value of name === 'hour_start' ? [0, HOUR * 1000] : isTotal(name) ? INTEGERS : TEXTS) {
          const expected = rows.filter(row => {
            const cell = cells(row)[at]!
            if (cell === null) return false
            return holds(typeof cell === 'string' ? compareText(cell, String(value)) : cell - Number(value))
          })
          const right =
            name === 'hour_start' ? 'epoch_ms(?::BIGINT)' : isTotal(name) ? '?::BIGINT' : '?::VARCHAR'
          const found = await duckdb.rows(
            `SELECT count(*) FROM ${table} WHERE ${name} ${operator} ${right}`,
            [typeof value === 'number' ? BigInt(value) : value],
          )
          expect([name, operator, value, Number(found[0]![0])]).toEqual([
            name,
            operator,
            value,
            expected.length,
          ])
        }
      }
      const nulls = await duckdb.rows(`SELECT count(*) FROM ${table} WHERE ${name} IS NULL`)
      expect(Number(nulls[0]![0])).toBe(rows.filter(row => cells(row)[at] === null).length)
    }
  })

  test('find a text above the BMP in a group that also holds one just below it', async () => {
    const names = ['\uffff', '\u{1f600}', '\ue000', '\u{10ffff}']
    const rows = names.map((name, at) => ({ ...plainRow(at), source: podNamed(name, 'use2-az1') }))
    const table = await duckdb.table((await written(rows)).bytes)
    for (const name of names) {
      const found = await duckdb.rows(`SELECT bytes FROM ${table} WHERE source_name = ?::VARCHAR`, [name])
      expect(found).toEqual([[BigInt(names.indexOf(name))]])
    }
  })
})
