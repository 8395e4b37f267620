// `pnpm query` as a command: what goes where, exit statuses, help, what is said of wrong input. Contract, section 1.

import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Hour } from '@zonetoll/model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startS3Server } from '../../../test/servers/s3-server.ts'
import { QUERY } from '../src/query-options.ts'
import { Desk, ended, onTerminal, type Ended } from './explore.ts'
import { FIRST_HOUR, writeHour, writeMonth } from './stored-month.ts'

let desk: Desk

beforeAll(async () => {
  desk = await Desk.make()
  await writeMonth(desk.path('rollups'), { hours: 3, rows: 300, workloads: 15 })
})

afterAll(async () => {
  await desk.close()
})

function usage(message: string): Ended {
  return { status: 2, stdout: '', stderr: `error: ${message}\nSee pnpm query --help.\n` }
}

function failure(message: string): Ended {
  return { status: 1, stdout: '', stderr: `error: ${message}\n` }
}

const lines = (text: string) => text.trimEnd().split('\n')

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

describe('wrong input', () => {
  test.each([
    ['a name that nothing has', ['wrkloads'], 'no question is called "wrkloads": did you mean workloads?'],
    ['a beginning', ['name'], 'no question is called "name": did you mean namespaces?'],
    [
      'nothing like a name',
      ['bogus'],
      'no question is called "bogus": there are workloads, apps, pods, namespaces, top, zones, hours, unattributed, seed, and SQL',
    ],
    ['an empty one', [''], 'no question asked: expected a name or SQL'],
    ['blanks', ['  '], 'no question asked: expected a name or SQL'],
    ['SQL that is none', ['SELECT FROM WHERE'], 'SQL: syntax error at or near "WHERE" (line 1, column 13)'],
    [
      'a filter that a question has not',
      ['unattributed', '--app', 'a'],
      'unattributed takes no --app: it is of whole hours (ZONETOLL_APP counts too)',
    ],
    [
      'pods where there are none',
      ['apps', '--from-pod', 'a'],
      'apps takes no --from-pod: it takes --namespace, --app, --workload, --zone (ZONETOLL_FROM_POD counts too)',
    ],
    [
      'a filter for SQL',
      ['SELECT 1', '--zone', 'a'],
      'SQL takes no --zone: say it in a WHERE (ZONETOLL_ZONE counts too)',
    ],
    [
      'from behind to',
      ['top', '--from', '2024-05-02T00', '--to', '2024-05-01T00'],
      '--from must be before --to: the hours are [from, to)',
    ],
    ['from without to', ['top', '--from', '2024-05-02T00'], '--from and --to go together: --to is missing'],
    [
      'hour and from',
      ['top', '--hour', '2024-05-02T00', '--from', '2024-05-02T00'],
      '--hour and --from/--to exclude each other: give one (ZONETOLL_HOUR, ZONETOLL_FROM and ZONETOLL_TO count too)',
    ],
    [
      'a bad hour',
      ['top', '--hour', '2024-13-01T00'],
      "option '--hour <hour>' argument '2024-13-01T00' is invalid. Expected a UTC hour like 2024-05-01T10.",
    ],
    [
      'a bad format',
      ['top', '--format', 'xml'],
      "option '--format <format>' argument 'xml' is invalid. Expected one of table, csv, json, markdown, parquet.",
    ],
    [
      'a bad price',
      ['top', '--usd-per-gb', '-1'],
      "option '--usd-per-gb <usd>' argument '-1' is invalid. Expected dollars like 0.02, from 0 to 1000.",
    ],
    [
      'a bad GB',
      ['top', '--gb', 'constructor'],
      "option '--gb <bytes>' argument 'constructor' is invalid. Expected 2^30 or 10^9.",
    ],
    ['an unknown option', ['top', '--apps', 'a'], "unknown option '--apps'\n(Did you mean --app?)"],
    ['two questions', ['top', 'zones'], 'too many arguments. Expected 1 argument but got 2: top, zones.'],
    [
      'an unknown cluster',
      ['top', '--cluster', 'shpo'],
      './rollups has no rollups of the cluster shpo: did you mean shop?',
    ],
    [
      'a location that is none',
      ['top', '--rollups', 'https://x/y'],
      '--rollups: the location "https://x/y" has the scheme https://, which isn\'t supported; give s3://bucket/prefix, file:///folder or a plain path',
    ],
    [
      'no file to write',
      ['top', '--output', 's3://bucket/'],
      '--output: "s3://bucket/" names no file: expected a path or s3://bucket/key',
    ],
  ])('%s is a usage error: exit status 2', async (_what, args, message) => {
    expect(await desk.query(args)).toEqual(usage(message))
  })

  test('a name of nobody says who is meant, and one that sent nothing says so', async () => {
    const [first] = await desk.rows(['top', '--limit', '1', '--namespace', 'team-1'])
    const service = String((await desk.rows(['apps', '--limit', '1']))[0]!['source_app'])
    for (const [args, what] of [
      [
        ['apps', '--app', service.slice(0, -1)],
        `no app called "${service.slice(0, -1)}" in these hours: did you mean service-0`,
      ],
      [
        ['workloads', '--workload', `Deploymnt/${service}`],
        `no workload called "Deploymnt/${service}" in these hours: did you mean Deployment/${service}`,
      ],
      [
        ['top', '--namespace', 'team-'],
        'no namespace called "team-" in these hours: did you mean team-0, team-1, team-10, team-11, team-2?',
      ],
      [
        ['zones', '--zone', 'us-east-2a'],
        'no zone called "us-east-2a" in these hours: there are use2-az1, use2-az2, use2-az3',
      ],
      [
        ['pods', '--from-pod', 'nobody/at-all'],
        'no pod called "nobody/at-all" in these hours: there are team-0/service-000-',
      ],
    ] as const) {
      const { status, stdout, stderr } = await desk.query(args)
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toContain(`error: ${what}`)
    }
    const known = [
      'pods',
      '--from-pod',
      String(first!['source_name']),
      '--to-pod',
      String(first!['source_name']),
    ]
    const nothing = await desk.query(known)
    if (first!['source_kind'] === 'pod') {
      expect(nothing).toEqual({
        status: 0,
        stdout: 'from  to  bytes  cost  packets  records\n',
        stderr:
          'note: nothing: bytes inside a zone have rows only where pnpm start made them with --all-pairs\n',
      })
    }
    const apart = await desk.query([
      'top',
      '--namespace',
      'team-1',
      '--app',
      'service-002',
      '--format',
      'json',
    ])
    expect(apart).toEqual({ status: 0, stdout: '[]\n', stderr: 'note: nothing crossed zones that fits\n' })
  })

  test('no rollups, none complete, several clusters, other hours: each says what to do', async () => {
    await mkdir(desk.path('empty/rollups'), { recursive: true })
    expect(await desk.query(['top', '--rollups', 'nowhere'])).toEqual(
      failure(
        `no rollups: the folder ${desk.path('nowhere')} does not exist; check the path. Make some with pnpm start (--hour 2024-05-01T10 alone makes the bundled sample's), or say with --rollups where they are.`,
      ),
    )
    expect((await desk.query(['top', '--rollups', 'empty/rollups'])).stderr).toMatch(
      /^error: no rollups: empty\/rollups has no folder cluster=<name>\. Make some with pnpm start/,
    )
    expect(await desk.query(['top', '--hour', '2024-06-01T00'])).toEqual(
      failure(
        './rollups has no complete hour of the cluster shop in [2024-06-01T00, 2024-06-01T01): it has 3 (2024-05-01T00 to 2024-05-01T02); pnpm start --hour makes one',
      ),
    )
    await writeHour(desk.path('two'), 'a', FIRST_HOUR, [])
    await writeHour(desk.path('two'), 'b', FIRST_HOUR, [])
    expect(await desk.query(['top', '--rollups', 'two'])).toEqual(
      usage('two has rollups of 2 clusters: name one with --cluster (a, b)'),
    )
    await rm(desk.path('two/cluster=b/dt=2024-05-01/hour=00/_ledger.json'))
    expect(await desk.query(['top', '--rollups', 'two', '--cluster', 'b'])).toEqual(
      failure(
        "two has no complete hour of the cluster b: 2024-05-01T00 has no ledger or no rollup, its run isn't over or failed; pnpm start --hour makes one",
      ),
    )
  })

  test('hours that are missing or not complete are noted', async () => {
    const root = desk.path('gaps')
    await writeMonth(root, { hours: 4, rows: 10, workloads: 3 })
    await rm(`${root}/cluster=shop/dt=2024-05-01/hour=01`, { recursive: true })
    await rm(`${root}/cluster=shop/dt=2024-05-01/hour=02/_ledger.json`)
    const { status, stdout, stderr } = await desk.query([
      'hours',
      '--rollups',
      'gaps',
      '--from',
      '2024-05-01T00',
      '--to',
      '2024-05-01T09',
    ])
    expect(status).toBe(0)
    expect(stderr).toBe(
      'note: not complete (no ledger or no rollup), so not in this: 2024-05-01T02\n' +
        'note: 6 of the 9 hours are not stored: 2024-05-01T01, 2024-05-01T04, 2024-05-01T05, 2024-05-01T06, 2024-05-01T07, …\n',
    )
    expect(lines(stdout).map(line => line.split(/ +/).slice(0, 2))).toEqual([
      ['hour', 'bytes'],
      ['2024-05-01T00', expect.stringMatching(/\d/)],
      ['2024-05-01T01', '-'],
      ['2024-05-01T02', '-'],
      ['2024-05-01T03', expect.stringMatching(/\d/)],
    ])
  })

  test('a damaged rollup and a ledger that is none are named', async () => {
    const hour = (FIRST_HOUR + 3600) as Hour
    await writeHour(desk.path('bad'), 'shop', hour, [])
    const folder = desk.path('bad/cluster=shop/dt=2024-05-01/hour=01')
    await writeFile(`${folder}/rollup.parquet`, 'PAR1 and no more')
    const damaged = await desk.query(['top', '--rollups', 'bad'])
    expect(damaged.status).toBe(1)
    expect(damaged.stderr).toMatch(
      `error: ${folder}/rollup.parquet is not the rollup that the ledger beside it names`,
    )
    await writeFile(`${folder}/_ledger.json`, 'PAR1')
    const noLedger = await desk.query(['top', '--rollups', 'bad'])
    expect(noLedger.status).toBe(1)
    expect(noLedger.stderr).toMatch(`error: ${folder}/_ledger.json can't be used: the ledger is not JSON`)
    expect(await desk.leftovers()).toEqual([])
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
        env: {
          AWS_ENDPOINT_URL_S3: server.url,
          AWS_ACCESS_KEY_ID: 'AKIATEST',
          AWS_SECRET_ACCESS_KEY: 'test-secret',
          AWS_CONFIG_FILE: '/dev/null',
          AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
          ZONETOLL_S3_PATH_STYLE: '1',
        },
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
