// What `pnpm query` says of wrong input, and that it exits with 2 or 1. Contract, section 1.

import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { Hour } from '@zonetoll/model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Desk, failure, lines, usage } from './explore.ts'
import { FIRST_HOUR, writeHour, writeMonth } from './stored-month.ts'

let desk: Desk

beforeAll(async () => {
  desk = await Desk.make()
  await writeMonth(desk.path('rollups'), { hours: 3, rows: 300, workloads: 15 })
})

afterAll(async () => {
  await desk.close()
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
