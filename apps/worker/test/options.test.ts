// The options of `pnpm start`, one by one: contract, section 1.

import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { defineCommand, parseCommand } from '../../../packages/command/src/define-command.ts'
import { readOptions, START, type WorkerOptions } from '../src/options.ts'

const SAMPLE = { logs: '/sample/logs', assignments: '/sample/assignments' }
const HOUR = Date.UTC(2024, 4, 1, 10) / 1000
const ONE_HOUR = ['--hour', '2024-05-01T10']

/** What a command line and an environment come to. */
function optionsOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): WorkerOptions {
  const command = defineCommand(START)
  parseCommand(command, START, args, environment)
  return readOptions(command.opts(), SAMPLE)
}

test('without options but the hour, everything has the default of the contract', () => {
  expect(optionsOf(ONE_HOUR)).toEqual({
    hours: [HOUR],
    logs: [SAMPLE.logs],
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
    skipBadObjects: false,
    quiet: false,
    json: false,
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
  [['--skip-bad-objects'], 'ZONETOLL_SKIP_BAD_OBJECTS', 'true', 'false', { skipBadObjects: true }],
  [['--quiet'], 'ZONETOLL_QUIET', 'YES', 'no', { quiet: true }],
  [['--json'], 'ZONETOLL_JSON', '1', '0', { json: true }],
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

test('every option of the contract that belongs here is there, and no other', () => {
  const names = START.options.map(({ flags }) => flags.split(' ')[0])
  expect(new Set(names)).toEqual(new Set([...OPTIONS.map(([args]) => args[0]), '--hour', '--from', '--to']))
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
  [[], 'no hour given: say --hour 2024-05-01T10, or --from and --to'],
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
