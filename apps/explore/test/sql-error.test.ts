import { RunError, UsageError } from '@zonetoll/command'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RollupDatabase } from '../src/rollup-database.ts'
import { sqlError } from '../src/sql-error.ts'
import { askSql, NO_SIGNAL } from './asked.ts'

let database: RollupDatabase

beforeAll(async () => {
  database = await RollupDatabase.open({ signal: NO_SIGNAL })
  await database.connection.run('CREATE TABLE rollup (source_name VARCHAR, bytes BIGINT)')
  await database.connection.run(`INSERT INTO rollup VALUES ('a', 1)`)
  await database.lock([])
})

afterAll(() => {
  database.close()
})

describe("an error of DuckDB's is one line with the place", () => {
  const sums = '1+'.repeat(200)
  test.each([
    [
      'SELECT * FROM rolup',
      'SQL: Table with name rolup does not exist! Did you mean "rollup"? (line 1, column 15)',
    ],
    ['SELECT *\n  FORM rollup', 'SQL: syntax error at or near "rollup" (line 2, column 8)'],
    [
      "SELECT\n  'ünï\u{1f600}',\n  sum(byts) FROM rollup",
      'SQL: Referenced column "byts" not found in FROM clause! Candidate bindings: "bytes" (line 3, column 7)',
    ],
    [
      `SELECT ${sums}byts FROM rollup WHERE ${sums}1 = 1`,
      'SQL: Referenced column "byts" not found in FROM clause! Candidate bindings: "bytes" (line 1, column 408)',
    ],
    ['SELECT bytes FROM rollup ORDER BY', 'SQL: syntax error at end of input'],
    ['SELECT $1', 'SQL: parameters (?, $1) have no values here: write the values out'],
    [
      "SELECT * FROM read_csv('/etc/passwd')",
      'SQL: Cannot access file "/etc/passwd" - file system operations are disabled by configuration (line 1, column 15)',
    ],
    [
      'SELECT 1; SELECT 2',
      'SQL: expected one statement that reads (SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW), got 2 statements: the rollups are only read here',
    ],
    [
      'PIVOT rollup ON source_name USING sum(bytes)',
      "SQL: expected one statement that reads (SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW); a PIVOT needs its values named: ON source_zone IN ('use2-az1', 'use2-az2')",
    ],
  ])('%j', async (sql, message) => {
    const asked = askSql(database, sql)
    await expect(asked).rejects.toThrow(UsageError)
    await expect(asked).rejects.toThrow(new UsageError(message))
  })

  test('what fails on the way is the run’s', async () => {
    const asked = askSql(database, 'SELECT CAST(source_name AS INT) FROM rollup')
    await expect(asked).rejects.toThrow(RunError)
    await expect(asked).rejects.toThrow(
      "the query failed: Conversion: Could not convert string 'a' to INT32 when casting from source column source_name",
    )
  })
})

test('too little memory says what to ask instead', async () => {
  const small = await RollupDatabase.open({ signal: NO_SIGNAL, memoryBytes: 20_000_000 })
  try {
    await small.lock([])
    const sql = `SELECT i, list(repeat('x', 1000) || j) FROM range(4) a(i), range(300000) b(j) GROUP BY i`
    await expect(small.select(sql)).rejects.toThrow(
      'the query failed: it needs more memory than it may take; ask for fewer hours, columns or groups',
    )
  } finally {
    small.close()
  }
})

test('what is thrown that is not of DuckDB’s form is kept', () => {
  expect(sqlError('SELECT 1', 'odd').message).toBe('the query failed: odd')
  const ours = new UsageError('as it is')
  expect(sqlError('SELECT 1', ours)).toBe(ours)
})
