// `pnpm start` as a command: what goes to which stream, exit statuses, help, progress. Contract, section 1.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOUR_TEXT, PARTITION, smallHour } from '../../../test/support/data-set.ts'
import { START } from '../src/options.ts'
import { Desk, ON_TERMINAL, type Ended } from './worker.ts'

let desk: Desk

beforeAll(async () => {
  desk = await Desk.make(smallHour())
})

afterAll(async () => {
  await desk.close()
})

const HELP = 'See pnpm start --help.\n'

function usage(message: string): Ended {
  return { status: 2, stdout: '', stderr: `error: ${message}\n${HELP}` }
}

test('a run puts the summary on standard output, nothing on standard error, and ends with 0', async () => {
  const ended = await desk.run(desk.options)
  expect(ended.status).toBe(0)
  expect(ended.stderr).toBe('')
  expect(ended.stdout).toMatch(/^Cluster shop, hour 2024-05-01T10 UTC\n/)
  // Below the working directory, as it was given.
  expect(ended.stdout).toContain(`\nRollup  rollups/${PARTITION}rollup.parquet\n`)
  expect(ended.stdout).toContain(`\nLedger  rollups/${PARTITION}_ledger.json\n`)
  expect(Object.keys(await desk.rollups()).sort()).toEqual([
    `${PARTITION}_ledger.json`,
    `${PARTITION}rollup.parquet`,
  ])
  expect(await desk.leftovers()).toEqual([])
})

test('one leading -- is dropped, and options may come from the environment', async () => {
  const env = {
    ZONETOLL_HOUR: '2024-05-01T10:00:00Z',
    ZONETOLL_LOGS: 'logs',
    ZONETOLL_ASSIGNMENTS: `file://${desk.path('assignments')}`,
    ZONETOLL_ROLLUPS: 'elsewhere',
    ZONETOLL_JSON: '1',
  }
  const ended = await desk.run(['--', '--rollups', 'from-option'], { env })
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(ended.stdout)).toMatchObject({
    hours: [{ rollup: desk.path('from-option', PARTITION, 'rollup.parquet') }],
  })
})

test('--json is one JSON line on standard output and nothing else', async () => {
  const ended = await desk.run([...desk.options, '--json'])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(ended.stdout.endsWith('\n')).toBe(true)
  expect(ended.stdout.trimEnd()).not.toContain('\n')
  const { hours } = JSON.parse(ended.stdout) as { hours: unknown[] }
  expect(hours).toEqual([
    {
      hour: HOUR_TEXT,
      cluster: 'shop',
      sample: false,
      rollup: desk.path('rollups', PARTITION, 'rollup.parquet'),
      ledger: desk.path('rollups', PARTITION, '_ledger.json'),
      rows: 2,
      crossZoneBytes: 340,
      sameZoneBytes: 5000,
      unattributedBytes: 80,
      usd: (340 / 2 ** 30) * 0.02,
      records: 11,
      zones: [
        { source: 'use2-az1', destination: 'use2-az1', bytes: 5000 },
        { source: 'use2-az1', destination: 'use2-az2', bytes: 300 },
        { source: 'use2-az1', destination: 'use2-az3', bytes: 40 },
      ],
      objects: 1,
      objectsLeftOut: 0,
      emptySlots: Array.from(
        { length: 11 },
        (_, at) => `2024-05-01T10:${String(5 * (at + 1)).padStart(2, '0')}:00Z`,
      ),
      warnings: [],
    },
  ])
})

test('--help shows every option with its default, the variables, exit statuses and examples', async () => {
  const { status, stdout, stderr } = await desk.run(['--help'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  for (const { flags } of START.options) expect(stdout).toContain(`  ${flags}`)
  const flat = stdout.replaceAll(/\s+/g, ' ')
  for (const text of [
    'default: the bundled sample',
    'default: ./rollups',
    'default: the only one in the assignment log',
    'default: app.kubernetes.io/name, app',
    'default: cross-zone only',
    'default: 20',
    'default: by cores',
    'ZONETOLL_FLOW_LOG_ID',
    'Exit status: 0 done, 1 failed, 2 wrong arguments or configuration, 130 interrupted.',
    'Examples: pnpm start --hour 2024-05-01T10',
  ]) {
    expect(flat).toContain(text)
  }
  const prose = stdout.split('\nExamples:')[0]!.split('\n')
  expect(Math.max(...prose.map(line => line.length))).toBeLessThanOrEqual(100)
})

test.each([
  [
    'no hour at all',
    [],
    'no hour given: say --hour 2024-05-01T10, or --from and --to, or --due for all that are due',
  ],
  [
    'a malformed hour',
    ['--hour', '2024-05-01'],
    "option '--hour <hour>' argument '2024-05-01' is invalid. Expected a UTC hour like 2024-05-01T10.",
  ],
  ['a typo', ['--ours', HOUR_TEXT], "unknown option '--ours'\n(Did you mean --hour?)"],
  ['an unknown option', ['--frobnicate'], "unknown option '--frobnicate'"],
  [
    'an hour without its option',
    [HOUR_TEXT],
    'too many arguments. Expected 0 arguments but got 1: 2024-05-01T10.',
  ],
  [
    'a URI of another kind',
    ['--hour', HOUR_TEXT, '--logs', 'https://bucket/x'],
    '--logs: the location "https://bucket/x" has the scheme https://, which isn\'t supported; give s3://bucket/prefix, file:///folder or a plain path',
  ],
  [
    'a URI without a bucket',
    ['--hour', HOUR_TEXT, '--logs', 'logs', '--assignments', 's3://'],
    '--assignments: the location "s3://" names no bucket; give s3://bucket/prefix, file:///folder or a plain path',
  ],
])('%s is a usage error: exit status 2', async (_what, args, message) => {
  expect(await desk.run(args)).toEqual(usage(message))
})

test('what a typo hides in itself is shown, not obeyed', async () => {
  expect(await desk.run(['--\u001b[2J\u202e'])).toEqual(
    usage(String.raw`unknown option '--\u{1b}[2J\u{202e}'`),
  )
})

test('a stack trace comes with ZONETOLL_DEBUG=1 only, and with it the causes', async () => {
  const args = ['--hour', HOUR_TEXT, '--logs', 'nowhere', '--assignments', 'assignments']
  const message = `error: the folder ${desk.path('nowhere')} does not exist; check the path\n`
  for (const env of [{}, { ZONETOLL_DEBUG: '0' }, { ZONETOLL_DEBUG: '' }] as Record<string, string>[]) {
    expect(await desk.run(args, { env })).toEqual({ status: 1, stdout: '', stderr: message })
  }
  const debugged = await desk.run(args, { env: { ZONETOLL_DEBUG: '1' } })
  expect(debugged.status).toBe(1)
  expect(debugged.stderr.startsWith(message)).toBe(true)
  expect(debugged.stderr).toMatch(/\n {4}at .*folder-store\.ts:\d+/)
  expect(debugged.stderr).toContain('ENOENT')
})

test('with several hours, ZONETOLL_DEBUG=1 shows where each failure came from', async () => {
  const span = ['--from', '2024-05-01T07', '--to', '2024-05-01T09']
  const ended = await desk.run([...span, ...desk.folders], { env: { ZONETOLL_DEBUG: '1' } })
  expect(ended.status).toBe(1)
  expect(ended.stderr.match(/RunError: no assignments for 2024-05-01T0[78]/g)).toHaveLength(2)
  expect(ended.stderr).toContain('error: 2 of 2 hours failed: 2024-05-01T07, 2024-05-01T08\n')
})

test('without a sample and a folder of the logs, a warning says which of the two is the sample', async () => {
  const ended = await desk.run(['--hour', HOUR_TEXT, '--assignments', 'assignments'])
  expect(ended.stderr).toMatch(
    /^warning: no --logs given, so those of the bundled sample are read: they don't belong to your --assignments\n/,
  )
})

test('on a terminal progress is drawn over itself and erased at the end', async () => {
  const ended = await desk.run(desk.options, { wrap: ON_TERMINAL })
  expect(ended.status).toBe(0)
  expect(ended.stdout).toMatch(
    // Drawn once at least; then erased, before the summary begins.
    // oxlint-disable-next-line no-control-regex
    /^\r\u001b\[K2024-05-01T10 {2}0\/1 objects · 0 B of \d+ B · [^\r\n]*(?:\r\u001b\[K[^\r\n]*)*\r\u001b\[KCluster shop, /,
  )
})

test('on a terminal --quiet draws no progress', async () => {
  const ended = await desk.run([...desk.options, '--quiet'], { wrap: ON_TERMINAL })
  expect(ended.stdout).toMatch(/^Cluster shop, /)
  expect(ended.stdout).not.toContain('\u001b')
})

const bundled = fileURLToPath(new URL('../../sample/bundled/', import.meta.url))

test.runIf(existsSync(bundled))('the default run is the bundled sample, and a line says so', async () => {
  const ended = await desk.run(['--hour', HOUR_TEXT, '--rollups', 'sample-rollups'])
  expect(ended.stderr).toBe(
    'No --logs and --assignments given: this is the bundled sample, nothing of AWS is read.\n',
  )
  expect(ended.status).toBe(0)
  expect(ended.stdout).toMatch(/^Cluster \S+, hour 2024-05-01T10 UTC \(the bundled sample, not your data\)\n/)
})

const FIRST_LINE = (commandLine: string) => ['bash', '-c', `set -o pipefail; ${commandLine} | head -n 1`]

test('a reader that has seen enough is no failure', async () => {
  expect(await desk.run(desk.options, { wrap: FIRST_LINE })).toEqual({
    status: 0,
    stdout: 'Cluster shop, hour 2024-05-01T10 UTC\n',
    stderr: '',
  })
})
