// `pnpm query` as a command: what goes where, exit statuses, help. Contract, section 1; wrong input is query-refusals.test.ts'.

import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startS3Server } from '../../../test/servers/s3-server.ts'
import { QUERY } from '../src/query-options.ts'
import { Desk, ended, failure, lines, onTerminal } from './explore.ts'
import { FIRST_HOUR, writeHour, writeMonth } from './stored-month.ts'

let desk: Desk

beforeAll(async () => {
  desk = await Desk.make()
  await writeMonth(desk.path('rollups'), { hours: 3, rows: 300, workloads: 15 })
})

afterAll(async () => {
  await desk.close()
})

async function hoursOf(args: readonly string[]): Promise<unknown[]> {
  const rows = await desk.rows(['SELECT DISTINCT hour_start FROM rollup ORDER BY 1', ...args])
  return rows.map(row => row['hour_start'])
}

function firstLine(commandLine: string): string[] {
  return ['bash', '-c', `set -o pipefail; ${commandLine} | head -n 1`]
}

describe('what is asked', () => {
  test('nothing: the questions are listed, and no rollup is looked for', async () => {
    const { status, stdout, stderr } = await desk.query([], { env: { ZONETOLL_ROLLUPS: 'nowhere' } })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const names = ['workloads', 'apps', 'pods', 'namespaces', 'top', 'zones', 'hours', 'unattributed', 'seed']
    for (const name of names) expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
    expect(Math.max(...lines(stdout).map(line => line.length))).toBeLessThanOrEqual(100)
  })

  test('--help shows every option with its default, the variables, exit statuses and examples', async () => {
    const { status, stdout, stderr } = await desk.query(['--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const { flags } of QUERY.options) expect(stdout).toContain(`  ${flags}`)
    const flat = stdout.replaceAll(/\s+/g, ' ')
    for (const text of [
      'default: every complete hour that is stored',
      'default: ./rollups',
      'default: the only one that has rollups',
      'default: table, on a pipe too',
      'default: 0.02',
      'default: 2^30',
      'for table and markdown 20 of a list, 1000 of SQL; else all',
      'ZONETOLL_FROM_POD',
      'no file, no network, no extension',
      'Exit status: 0 done, 1 failed, 2 wrong arguments or configuration, 130 interrupted.',
    ]) {
      expect(flat).toContain(text)
    }
  })

  test('a named question: a table on standard output, a note on standard error, twenty rows', async () => {
    const { status, stdout, stderr } = await desk.query(['workloads'])
    expect(status).toBe(0)
    expect(lines(stdout)).toHaveLength(21)
    expect(stdout).toMatch(/^from +to +bytes +cost +packets +records\n/)
    expect(stderr).toBe('note: the first 20 rows; there are more: --limit 0 shows all\n')
    expect(await desk.leftovers()).toEqual([])
  })

  test('--limit: as many rows, 0 for all, and no note where there are no more', async () => {
    const all = await desk.query(['namespaces', '--limit', '0'])
    expect(all).toMatchObject({ status: 0, stderr: '' })
    const count = lines(all.stdout).length - 1
    expect(count).toBeGreaterThan(20)
    expect(await desk.query(['namespaces', '--limit', `${count}`])).toEqual(all)
    const fewer = await desk.query(['namespaces', '--limit', `${count - 1}`])
    expect(lines(fewer.stdout)).toHaveLength(count)
    expect(fewer.stderr).toContain('there are more')
    expect((await desk.query(['namespaces', '--limit', '2', '--quiet'])).stderr).toBe('')
    expect(lines((await desk.query(['namespaces', '--format', 'csv'])).stdout)).toHaveLength(count + 1)
  })

  test('SQL, with one leading --, and options from the environment', async () => {
    const env = {
      ZONETOLL_HOUR: '2024-05-01T01',
      ZONETOLL_FORMAT: 'csv',
      ZONETOLL_ROLLUPS: desk.path('rollups'),
    }
    const sql = 'SELECT count(*) AS rows, min(hour_start) AS first FROM rollup'
    expect(await desk.query(['--', sql], { env })).toEqual({
      status: 0,
      stdout: 'rows,first\n300,2024-05-01T01:00:00Z\n',
      stderr: '',
    })
  })

  test('hours: those of [from, to) and no others', async () => {
    expect(await hoursOf(['--from', '2024-05-01T01', '--to', '2024-05-01T02'])).toEqual([
      '2024-05-01T01:00:00Z',
    ])
    expect(await hoursOf([])).toHaveLength(3)
  })

  test('dollars by --usd-per-gb and --gb', async () => {
    const args = ['SELECT usd(1000000000) AS usd', '--usd-per-gb', '0.5', '--gb', '10^9']
    expect(await desk.rows(args)).toEqual([{ usd: 0.5 }])
    expect(await desk.rows(['SELECT usd(1073741824) AS usd'])).toEqual([{ usd: 0.02 }])
  })
})

describe('formats', () => {
  const sql = `SELECT 'a,"b"|c' AS name, 9007199254740993 AS bytes, 2147483648 AS n, 3.40 AS usd, NULL AS nothing,
    TIMESTAMP '2024-05-01 10:00:00.25' AS at, DATE '2024-05-01' AS day, [1, NULL] AS list, {'k': 'v'} AS struct,
    MAP {'k': 1} AS map, 12345678901234567890.5 AS exact, sum(1) AS huge, TRUE AS yes, 'ab'::BLOB AS blob,
    INTERVAL 1 HOUR AS interval, 'infinity'::TIMESTAMP AS never, 1e400::DOUBLE AS infinite`

  test('json has plain values, exact', async () => {
    const [row] = await desk.rows([sql.replace(', 1e400::DOUBLE AS infinite', `, 'inf'::DOUBLE AS infinite`)])
    expect(row).toEqual({
      name: 'a,"b"|c',
      bytes: '9007199254740993',
      n: 2147483648,
      usd: 3.4,
      nothing: null,
      at: '2024-05-01T10:00:00.25Z',
      day: '2024-05-01',
      list: [1, null],
      struct: { k: 'v' },
      map: [{ key: 'k', value: 1 }],
      exact: '12345678901234567890.5',
      huge: 1,
      yes: true,
      blob: 'ab',
      interval: '01:00:00',
      never: 'infinity',
      infinite: null,
    })
  })

  test('table, csv and markdown', async () => {
    const few = `SELECT 'a,"b"|c' AS name, 9007199254740993 AS bytes, 3.40 AS usd, NULL AS nothing`
    const run = async (format: string) => (await desk.query([few, '--format', format])).stdout
    expect(await run('table')).toBe('name        bytes    usd  nothing\na,"b"|c  8.00 PiB  $3.40        -\n')
    expect(await run('csv')).toBe('name,bytes,usd,nothing\n"a,""b""|c",9007199254740993,3.4,\n')
    expect(await run('markdown')).toBe(
      `| name | bytes | usd | nothing |\n| --- | --: | --: | --: |\n${String.raw`| a,"b"\|c | 8.00 PiB | \$3.40 | - |`}\n`,
    )
  })

  test('parquet, to a file or a pipe, has the same rows with exact types', async () => {
    const args = ['workloads', '--format', 'parquet', '--limit', '30']
    expect(await desk.query([...args, '--output', 'answers/w.parquet'])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'note: the first 30 rows; there are more: --limit 0 shows all\n',
    })
    const piped = await desk.query([...args, '--quiet'], {
      wrap: commandLine => ['bash', '-c', `${commandLine} > piped.parquet`],
    })
    expect(piped).toMatchObject({ status: 0, stderr: '' })
    expect(await readFile(desk.path('piped.parquet'))).toEqual(await readFile(desk.path('answers/w.parquet')))
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const read = await connection.runAndReadAll(`FROM '${desk.path('answers/w.parquet')}'`)
    const types = Object.fromEntries(
      read.columnNames().map((name, at) => [name, String(read.columnTypes()[at])]),
    )
    expect(types).toMatchObject({
      source_workload: 'VARCHAR',
      bytes: 'BIGINT',
      usd: 'DOUBLE',
      records: 'BIGINT',
    })
    const expected = await desk.rows(['workloads', '--limit', '30'])
    const rows = read.getRowObjectsJS().map(row => Object.assign({}, row))
    expect(rows).toEqual(
      expected.map(row =>
        Object.assign(
          row,
          Object.fromEntries(
            ['bytes', 'packets', 'records'].map(name => [name, BigInt(row[name] as number)]),
          ),
        ),
      ),
    )
    connection.closeSync()
    instance.closeSync()
    await rm(desk.path('answers'), { recursive: true })
  })

  test('parquet of every type there is', async () => {
    const { status, stderr } = await desk.query([
      sql.replace(', 1e400::DOUBLE AS infinite', ''),
      '--format',
      'parquet',
      '--output',
      'types.parquet',
    ])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect((await stat(desk.path('types.parquet'))).size).toBeGreaterThan(500)
  })

  test('parquet is not for a terminal', async () => {
    const { status, stdout } = await desk.query(['top', '--format', 'parquet'], { wrap: onTerminal(80) })
    expect(status).toBe(2)
    expect(stdout).toContain('Parquet is not for a terminal: name a file with --output, or pipe it somewhere')
  })

  test('--output is written whole or not at all', async () => {
    await writeFile(desk.path('out.csv'), 'stood')
    const failing = await desk.query([
      `SELECT CASE WHEN i = 299999 THEN error('late') ELSE i END FROM range(300000) t(i)`,
      '--format',
      'csv',
      '--output',
      'out.csv',
    ])
    expect(failing).toEqual(failure('the query failed: Invalid Input: late'))
    expect(await readFile(desk.path('out.csv'), 'utf8')).toBe('stood')
    expect(await desk.query(['zones', '--output', 'out.csv'])).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await readFile(desk.path('out.csv'), 'utf8')).toBe((await desk.query(['zones'])).stdout)
  })
})

describe('on a terminal', () => {
  test.each([140, 80, 60, 34])('a table fits %i columns', async columns => {
    const { status, stdout } = await desk.query(['top', '--limit', '3', '--quiet'], {
      wrap: onTerminal(columns),
    })
    expect(status).toBe(0)
    const widths = stdout
      .trimEnd()
      .split('\r\n')
      .map(line => line.length)
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns)
    expect(widths.length).toBeGreaterThan(3)
  })

  test('eighteen columns fit, too: a line a value', async () => {
    const { stdout } = await desk.query(['FROM rollup LIMIT 2', '--quiet'], { wrap: onTerminal(80) })
    expect(stdout).toMatch(/^row 1\r\n {2}hour_start +2024-05-01T00:00:00Z\r\n {2}source_kind /)
    expect(Math.max(...stdout.split('\r\n').map(line => line.length))).toBeLessThanOrEqual(80)
  })

  test('names are shown, not obeyed, in every format', async () => {
    await writeHour(desk.path('hostile'), 'shop', FIRST_HOUR, [
      {
        hourStart: FIRST_HOUR,
        source: {
          kind: 'pod',
          namespace: 'a',
          name: 'x\u001b[2J\u202ey\u009b1m',
          workload: null,
          app: null,
          node: null,
          zone: 'z1' as never,
        },
        destination: {
          kind: 'pod',
          namespace: 'a',
          name: 'b',
          workload: null,
          app: null,
          node: null,
          zone: 'z2' as never,
        },
        bytes: 1,
        packets: 1,
        records: 1,
      },
    ])
    for (const format of ['table', 'csv', 'json', 'markdown']) {
      const { stdout } = await desk.query(['top', '--rollups', 'hostile', '--quiet', '--format', format], {
        wrap: onTerminal(120),
      })
      expect(stdout).toMatch(/x(?:\\u\{1b\}|\\+u\{1b\}|\\u001b)/)
      expect(stdout).toMatch(/^(?:[\r\n]|[^\p{Cc}\p{Cf}])*$/u)
    }
  })
})

describe('interrupted', () => {
  const INTERRUPTED = 'interrupted; what was not finished stands as it stood before\n'

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while DuckDB is at work ends with 130 and leaves nothing',
    async signal => {
      const child = desk.startQuery([
        'SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1',
        '--output',
        'never.csv',
      ])
      const over = ended(child)
      while ((await desk.leftovers()).length === 0) await new Promise(resolve => setTimeout(resolve, 20))
      await new Promise(resolve => setTimeout(resolve, 300))
      const begun = performance.now()
      child.kill(signal)
      expect(await over).toEqual({ status: 130, stdout: '', stderr: INTERRUPTED })
      expect(performance.now() - begun).toBeLessThan(3000)
      expect(await desk.leftovers()).toEqual([])
      await expect(stat(desk.path('never.csv'))).rejects.toThrow('ENOENT')
    },
  )

  test('SIGTERM while a bucket does not answer ends with 130', async () => {
    const server = await startS3Server({ buckets: ['b'] })
    try {
      server.faults = () => ({ kind: 'silence' })
      const child = desk.startQuery(['top', '--rollups', 's3://b/rollups'], {
        env: server.environment,
      })
      const over = ended(child)
      while (server.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 10))
      child.kill('SIGTERM')
      expect(await over).toEqual({ status: 130, stdout: '', stderr: INTERRUPTED })
    } finally {
      await server.close()
    }
  })

  test('a reader that has seen enough is no failure', async () => {
    expect(
      await desk.query(['SELECT i FROM range(10000000) t(i)', '--format', 'csv'], { wrap: firstLine }),
    ).toEqual({
      status: 0,
      stdout: 'i\n',
      stderr: '',
    })
  })
})
