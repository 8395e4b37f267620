// The options of `pnpm start`, one by one: contract, section 1.

import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { defineCommand, parseCommand } from '../../../packages/command/src/define-command.ts'
import { defaultMaxMemory } from '../src/memory-bound.ts'
import { readOptions, START, type WorkerOptions } from '../src/options.ts'

const SAMPLE = { logs: '/sample/logs', assignments: '/sample/assignments' }
const HOUR = Date.UTC(2024, 4, 1, 10) / 1000
const ONE_HOUR = ['--hour', '2024-05-01T10']

/** What a command line and an environment come to. */
function optionsOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  now = 0,
): WorkerOptions {
  const command = defineCommand(START)
  parseCommand(command, START, args, environment)
  return readOptions(command.opts(), SAMPLE, { now, environment })
}

test('without options but the hour, everything has the default of the contract', () => {
  expect(optionsOf(ONE_HOUR)).toEqual({
    hours: [HOUR],
    unsettled: [],
    due: false,
    now: 0,
    shard: null,
    logs: [SAMPLE.logs],
    logsRoles: [undefined],
    assignments: SAMPLE.assignments,
    rollups: './rollups',
    sample: true,
    cluster: null,
    flowLogIds: [],
    appLabels: ['app.kubernetes.io/name', 'app'],
    allPairs: false,
    settle: 20,
    concurrency: Math.max(8, 4 * availableParallelism()),
    threads: Math.max(1, Math.floor(availableParallelism() / 2)),
    maxMemory: defaultMaxMemory(),
    skipBadObjects: false,
    quiet: false,
    json: false,
    emf: false,
    report: false,
  })
})

/** An option with a value, the same by its variable, another by its variable, and what the option comes to. */
const OPTIONS: readonly (readonly [readonly string[], string, string, string, Partial<WorkerOptions>])[] = [
  [['--logs', 'a'], 'ZONETOLL_LOGS', 'a', 'b', { logs: ['a'], sample: false }],
  [['--logs', 'a', '--logs', 'b'], 'ZONETOLL_LOGS', 'a, b', 'c', { logs: ['a', 'b'] }],
  [['--assignments', 'a'], 'ZONETOLL_ASSIGNMENTS', 'a', 'b', { assignments: 'a', sample: false }],
  [['--rollups', 's3://b/r'], 'ZONETOLL_ROLLUPS', 's3://b/r', 'r', { rollups: 's3://b/r' }],
  [['--cluster', 'shop.eu-1_a'], 'ZONETOLL_CLUSTER', 'shop.eu-1_a', 'bank', { cluster: 'shop.eu-1_a' }],
  [['--flow-log-id', 'fl-1'], 'ZONETOLL_FLOW_LOG_ID', 'fl-1', 'fl-2', { flowLogIds: ['fl-1'] }],
  [
    ['--flow-log-id', 'fl-2', '--flow-log-id', 'fl-1', '--flow-log-id', 'fl-2'],
    'ZONETOLL_FLOW_LOG_ID',
    'fl-2,fl-1,fl-2',
    'fl-3',
    { flowLogIds: ['fl-1', 'fl-2'] },
  ],
  [['--app-label', 'b', '--app-label', 'a'], 'ZONETOLL_APP_LABEL', 'b,a', 'c', { appLabels: ['b', 'a'] }],
  [['--all-pairs'], 'ZONETOLL_ALL_PAIRS', '1', '0', { allPairs: true }],
  [['--settle', '0'], 'ZONETOLL_SETTLE', '0', '90', { settle: 0 }],
  [['--concurrency', '3'], 'ZONETOLL_CONCURRENCY', '3', '5', { concurrency: 3 }],
  [['--threads', '2'], 'ZONETOLL_THREADS', '2', '7', { threads: 2 }],
  [['--max-memory', '2GiB'], 'ZONETOLL_MAX_MEMORY', '2147483648', '1G', { maxMemory: 2 ** 31 }],
  [['--skip-bad-objects'], 'ZONETOLL_SKIP_BAD_OBJECTS', 'true', 'false', { skipBadObjects: true }],
  [['--quiet'], 'ZONETOLL_QUIET', 'YES', 'no', { quiet: true }],
  [['--json'], 'ZONETOLL_JSON', '1', '0', { json: true }],
  [['--emf'], 'ZONETOLL_EMF', '1', '0', { emf: true }],
  [['--report'], 'ZONETOLL_REPORT', '1', '0', { report: true }],
  [['--shard', '3/8'], 'ZONETOLL_SHARD', '3/8', '0/2', { shard: { index: 3, count: 8 } }],
]

test.each(OPTIONS)(
  '%j and its variable %s say the same, and the option wins',
  (args, variable, same, other, expected) => {
    expect(optionsOf([...ONE_HOUR, ...args])).toMatchObject(expected)
    expect(optionsOf(ONE_HOUR, { [variable]: same })).toMatchObject(expected)
    expect(optionsOf([...ONE_HOUR, ...args], { [variable]: other })).toMatchObject(expected)
    expect(optionsOf(ONE_HOUR, { [variable]: other })).not.toMatchObject(expected)
    expect(optionsOf(ONE_HOUR, { [variable]: '' })).toEqual(optionsOf(ONE_HOUR))
  },
)

/** Options that say something with others only: tested by themselves. */
const WITH_OTHERS = [
  '--hour',
  '--from',
  '--to',
  '--due',
  '--lookback',
  '--scheduled-time',
  '--shards',
  '--logs-role-arn',
]

test('every option of the contract that belongs here is there, and no other', () => {
  const names = START.options.map(({ flags }) => flags.split(' ')[0])
  expect(new Set(names)).toEqual(new Set([...OPTIONS.map(([args]) => args[0]), ...WITH_OTHERS]))
  expect(new Set(names).size).toBe(names.length)
})

test('the hour may be spelt in three ways, by option or variable', () => {
  for (const text of ['2024-05-01T10', '2024-05-01T10Z', '2024-05-01T10:00:00Z']) {
    expect(optionsOf(['--hour', text]).hours).toEqual([HOUR])
    expect(optionsOf([`--hour=${text}`]).hours).toEqual([HOUR])
    expect(optionsOf([], { ZONETOLL_HOUR: text }).hours).toEqual([HOUR])
    expect(optionsOf(['--hour', '2024-05-01T10'], { ZONETOLL_HOUR: '1999-01-01T00' }).hours).toEqual([HOUR])
  }
})

test.each([
  '',
  '2024-05-01',
  '2024-05-01T24',
  '2024-02-30T10',
  '2024-05-01T10:30:00Z',
  '2024-05-01T10+02:00',
  '2024-05-01 10',
  '20240501T10',
  ' 2024-05-01T10',
  'yesterday',
])('the hour %j is refused, and the message says what is expected', text => {
  expect(() => optionsOf(['--hour', text])).toThrow('Expected a UTC hour like 2024-05-01T10.')
  if (text === '') return
  expect(() => optionsOf([], { ZONETOLL_HOUR: text })).toThrow(
    `the variable ZONETOLL_HOUR is ${JSON.stringify(text)}: Expected a UTC hour like 2024-05-01T10.`,
  )
})

test('--from and --to are every hour of [from, to), over the end of a day and of a month', () => {
  expect(optionsOf(['--from', '2024-04-30T22', '--to', '2024-05-01T01']).hours).toEqual([
    HOUR - 12 * 3600,
    HOUR - 11 * 3600,
    HOUR - 10 * 3600,
  ])
  expect(optionsOf([], { ZONETOLL_FROM: '2024-05-01T10', ZONETOLL_TO: '2024-05-01T12Z' }).hours).toEqual([
    HOUR,
    HOUR + 3600,
  ])
})

test.each([
  [[], 'no hour given: say --hour 2024-05-01T10, or --from and --to, or --due'],
  [['--from', '2024-05-01T10'], '--from and --to go together: --to is missing'],
  [['--to', '2024-05-01T10'], '--from and --to go together: --from is missing'],
  [
    ['--from', '2024-05-01T10', '--to', '2024-05-01T10'],
    '--from must be before --to: the hours are [from, to)',
  ],
  [[...ONE_HOUR, '--to', '2024-05-01T11'], '--hour and --from/--to exclude each other: give one'],
  [[...ONE_HOUR, '--settle', '-1'], 'Expected a whole number from 0 to 10080.'],
  [[...ONE_HOUR, '--settle', '1.5'], 'Expected a whole number from 0 to 10080.'],
  [[...ONE_HOUR, '--settle', ''], 'Expected a whole number from 0 to 10080.'],
  [[...ONE_HOUR, '--concurrency', '0'], 'Expected a whole number from 1 to 1024.'],
  [[...ONE_HOUR, '--concurrency', '1e3'], 'Expected a whole number from 1 to 1024.'],
  [
    [...ONE_HOUR, '--cluster', '../x'],
    'Expected a cluster name: letters, digits, hyphens, underscores and dots.',
  ],
  [[...ONE_HOUR, '--cluster', ''], 'Expected a cluster name'],
  [[...ONE_HOUR, '--flow-log-id', 'eni-1'], "Expected a flow log's ID like fl-0123456789abcdef0."],
  [[...ONE_HOUR, '--logs', ''], 'Expected some text.'],
  [[...ONE_HOUR, '--rollups'], "option '--rollups <uri>' argument missing"],
  [['2024-05-01T10'], 'too many arguments'],
])('%j is refused with what was expected', (args, message) => {
  expect(() => optionsOf(args)).toThrow(message)
})

test.each([
  ['ZONETOLL_QUIET', 'maybe', 'the variable ZONETOLL_QUIET is "maybe": expected 1 or 0'],
  [
    'ZONETOLL_SETTLE',
    'soon',
    'the variable ZONETOLL_SETTLE is "soon": Expected a whole number from 0 to 10080.',
  ],
  [
    'ZONETOLL_FLOW_LOG_ID',
    'fl-1,,fl-2',
    'the variable ZONETOLL_FLOW_LOG_ID is "": Expected a flow log\'s ID',
  ],
])('the variable %s=%s is refused by its name', (variable, text, message) => {
  expect(() => optionsOf(ONE_HOUR, { [variable]: text })).toThrow(message)
})

test('a variable that is wrong is not read where the option is given', () => {
  expect(
    optionsOf([...ONE_HOUR, '--settle', '5', '--quiet'], { ZONETOLL_SETTLE: 'x', ZONETOLL_QUIET: 'x' }),
  ).toMatchObject({
    settle: 5,
    quiet: true,
  })
})

test('one leading -- is dropped, and one only', () => {
  expect(optionsOf(['--', ...ONE_HOUR]).hours).toEqual([HOUR])
  expect(() => optionsOf(['--', '--', ...ONE_HOUR])).toThrow('too many arguments')
})

const T10 = '2024-05-01T10'

/** The hours of a look-back by the clock. */
function dueAt(moment: string, ...more: string[]): readonly number[] {
  return optionsOf(['--due', ...more], {}, Date.parse(moment)).hours
}

test('--due is the hours of the look-back, up to the last that has settled, oldest first', () => {
  expect(dueAt('2024-05-01T11:20:00Z')).toHaveLength(24)
  expect(dueAt('2024-05-01T11:20:00Z')[0]).toBe(HOUR - 23 * 3600)
  expect(dueAt('2024-05-01T11:20:00Z').at(-1)).toBe(HOUR)
  expect(dueAt('2024-05-01T11:19:59.999Z').at(-1)).toBe(HOUR - 3600)
  expect(dueAt('2024-05-01T12:19:00Z', '--lookback', '1')).toEqual([HOUR])
  expect(dueAt('2024-05-01T12:19:00Z', '--lookback', '2', '--settle', '0')).toEqual([HOUR, HOUR + 3600])
})

test('--scheduled-time is the last hour settled by then, whatever the clock; with --due it is now', () => {
  const late = Date.parse('2031-01-01T00:00:00Z')
  const at = (moment: string, ...more: string[]) => optionsOf(['--scheduled-time', moment, ...more], {}, late)
  expect(at('2024-05-01T11:20:00Z').hours).toEqual([HOUR])
  expect(at('2024-05-01T11:19:59Z').hours).toEqual([HOUR - 3600])
  expect(at('2024-05-01T13:20:00+02:00').hours).toEqual([HOUR])
  expect(at('2024-05-01T11:00:00Z', '--settle', '0').hours).toEqual([HOUR])
  expect(at('2024-05-01T11:20:00Z', '--due').hours.at(-1)).toBe(HOUR)
  expect(at('2024-05-01T11:20:00Z', '--due').now).toBe(HOUR + 4800)
  expect(optionsOf([], { ZONETOLL_SCHEDULED_TIME: '2024-05-01T11:20:00Z' }, late).hours).toEqual([HOUR])
})

test('--due of named hours takes those that have settled and tells the others', () => {
  const { hours, unsettled } = optionsOf([
    '--due',
    '--from',
    '2024-05-01T09',
    '--to',
    '2024-05-01T13',
    '--scheduled-time',
    '2024-05-01T11:20:00Z',
  ])
  expect(hours).toEqual([HOUR - 3600, HOUR])
  expect(unsettled).toEqual([HOUR + 3600, HOUR + 7200])
})

test.each([
  [['--lookback', '2', '--hour', T10], '--lookback says how far --due looks back'],
  [['--lookback', '2', '--due', '--hour', T10], '--lookback says how far --due looks back'],
  [['--due', '--lookback', '0'], 'Expected a whole number from 1 to 744.'],
  [['--scheduled-time', '2024-05-01T11:20', '--due'], 'Expected a moment like 2024-05-01T11:20:00Z.'],
  [['--scheduled-time', '2024-05-01T11:20:00Z', '--hour', T10], '--scheduled-time names the hour itself'],
  [['--due', '--shard', '0/2'], '--due and --shard exclude each other'],
  [['--hour', T10, '--shard', '2/2'], 'Expected I/N like 3/8'],
  [['--hour', T10, '--shard', '1'], 'Expected I/N like 3/8'],
  [['--hour', T10, '--shard', '0/10001'], 'Expected I/N like 3/8'],
  [['--hour', T10, '--shard', '1/2', '--shards', '3'], "don't fit"],
  [['--hour', T10, '--shards', '3'], "--shards 3 doesn't say which one"],
])('%j is refused: %s', (args, message) => {
  expect(() => optionsOf(args)).toThrow(message)
})

test('the shard comes from the array job of AWS Batch or the Indexed Job of Kubernetes, and --shard wins', () => {
  const batch = { AWS_BATCH_JOB_ARRAY_INDEX: '3', AWS_BATCH_JOB_ARRAY_SIZE: '8' }
  const pod = { JOB_COMPLETION_INDEX: '3', ZONETOLL_SHARDS: '8' }
  expect(optionsOf(ONE_HOUR, batch).shard).toEqual({ index: 3, count: 8 })
  expect(optionsOf(ONE_HOUR, pod).shard).toEqual({ index: 3, count: 8 })
  expect(optionsOf([...ONE_HOUR, '--shard', '0/2'], batch).shard).toEqual({ index: 0, count: 2 })
  expect(optionsOf([...ONE_HOUR, '--shards', '8'], batch).shard).toEqual({ index: 3, count: 8 })
})

test.each([
  [
    { AWS_BATCH_JOB_ARRAY_INDEX: '3' },
    'AWS_BATCH_JOB_ARRAY_INDEX=3 and AWS_BATCH_JOB_ARRAY_SIZE= are no shard',
  ],
  [
    { AWS_BATCH_JOB_ARRAY_INDEX: '3', AWS_BATCH_JOB_ARRAY_SIZE: '8', ZONETOLL_SHARDS: '7' },
    '--shards is 7, but the array job has AWS_BATCH_JOB_ARRAY_SIZE=8',
  ],
  [{ JOB_COMPLETION_INDEX: '3' }, 'set ZONETOLL_SHARDS to the Job'],
  [{ JOB_COMPLETION_INDEX: '8', ZONETOLL_SHARDS: '8' }, 'JOB_COMPLETION_INDEX=8 and --shards 8 are no shard'],
])('the environment %j is refused', (environment, message) => {
  expect(() => optionsOf(ONE_HOUR, environment)).toThrow(message)
})

const ROLE = 'arn:aws:iam::123456789012:role/logs'
const OTHER = 'arn:aws-us-gov:iam::210987654321:role/path/a=b,c@d'

test('a role is for all buckets of --logs, or for the one it names', () => {
  const roles = (...args: string[]) => optionsOf([...ONE_HOUR, ...args]).logsRoles
  const logs = ['--logs', 's3://a/x', '--logs', './here', '--logs', 's3://b/y=z/']
  expect(roles(...logs)).toEqual([undefined, undefined, undefined])
  expect(roles(...logs, '--logs-role-arn', ROLE)).toEqual([ROLE, undefined, ROLE])
  expect(roles(...logs, '--logs-role-arn', `s3://b/y=z=${OTHER}`)).toEqual([undefined, undefined, OTHER])
  expect(roles(...logs, '--logs-role-arn', ROLE, '--logs-role-arn', `s3://a/x/=${OTHER}`)).toEqual([
    OTHER,
    undefined,
    ROLE,
  ])
  const variable = { ZONETOLL_LOGS: 's3://a,s3://b', ZONETOLL_LOGS_ROLE_ARN: `s3://a=${ROLE}` }
  expect(optionsOf(ONE_HOUR, variable).logsRoles).toEqual([ROLE, undefined])
})

test.each([
  [['--logs-role-arn', 'logs-reader'], 'Expected a role like arn:aws:iam::123456789012:role/logs'],
  [['--logs-role-arn', `=${ROLE}`], 'Expected a role like'],
  [['--logs-role-arn', ROLE], 'no s3:// URI is among --logs'],
  [
    ['--logs', 's3://a', '--logs-role-arn', `s3://b=${ROLE}`],
    's3://b is not an s3:// URI among --logs (s3://a)',
  ],
  [['--logs', './a', '--logs-role-arn', `./a=${ROLE}`], './a is not an s3:// URI among --logs'],
  [
    ['--logs', 's3://a', '--logs-role-arn', ROLE, '--logs-role-arn', OTHER],
    `--logs-role-arn gives two roles for all of --logs: ${ROLE} and ${OTHER}`,
  ],
])('%j is refused for its role', (args, message) => {
  expect(() => optionsOf([...ONE_HOUR, ...args])).toThrow(message)
})
