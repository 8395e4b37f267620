// A command as a process: statuses, streams, stack traces, interruptions.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const COMMAND = fileURLToPath(new URL('tried-command.ts', import.meta.url))
const INTERRUPTED = 'interrupted; what was not finished stands as it stood before\n'

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command; with `on`, sends the signal once it has printed that. */
function run(
  args: readonly string[],
  { debug = '', on, signal = 'SIGTERM' }: { debug?: string; on?: string; signal?: NodeJS.Signals } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env['PATH'], ZONETOLL_DEBUG: debug },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (on !== undefined && text.includes(on)) child.kill(signal)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', status => resolve({ status, stdout, stderr }))
  })
}

describe('exit statuses', () => {
  test.each([
    ['0 when it is done', [], 0, ''],
    [
      '1 when it failed; the message is printable',
      ['--do', 'fail'],
      1,
      'error: the disk is full\\u{1b}[2J\n',
    ],
    ['1 for a bug', ['--do', 'throw'], 1, 'error: a bug\n'],
    ['1 for a thrown text', ['--do', 'throw a text'], 1, 'error: a text\n'],
    [
      '2 for what the command refuses',
      ['--do', 'misuse'],
      2,
      'error: a and b exclude each other\nSee pnpm try --help.\n',
    ],
    [
      '2 for what no command knows',
      ['--d'],
      2,
      "error: unknown option '--d'\n(Did you mean --do?)\nSee pnpm try --help.\n",
    ],
  ])('%s', async (_what, args, status, stderr) => {
    expect(await run(args)).toEqual({ status, stdout: status === 0 ? 'done\n' : '', stderr })
  })

  test('0 after --help, which is a result: on standard output', async () => {
    const { status, stdout, stderr } = await run(['--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: pnpm try \[options\]\n\nDoes what it is told\.\n/)
    expect(stdout).toMatch(/\nExamples:\n {2}pnpm try --do nothing\n$/)
  })
})

test('a megabyte of results is written to its end before the process ends', async () => {
  const { status, stdout } = await run(['--do', 'print'])
  expect(status).toBe(0)
  expect(stdout).toHaveLength(1_000_000)
})

test.runIf(existsSync('/dev/full'))(
  'results that can not be written are a failure in one message, without a stack',
  async () => {
    const full = await open('/dev/full', 'w')
    const stdio = ['ignore', full.fd, 'pipe'] as const
    const { status, stderr } = spawnSync(process.execPath, [COMMAND], { stdio: [...stdio], encoding: 'utf8' })
    await full.close()
    expect(stderr).toBe("error: the output can't be written: ENOSPC: no space left on device, write\n")
    expect(status).toBe(1)
  },
)

test('with ZONETOLL_DEBUG=1 the stacks follow, of the error and its causes, printable too', async () => {
  const { status, stderr } = await run(['--do', 'fail'], { debug: '1' })
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /^error: the disk is full.*\nRunError: the disk is full.*\n {4}at .*tried-command\.ts/,
  )
  expect(stderr).toMatch(/\nError: ENOSPC \\u\{9b\}\n {4}at /)
})

describe('an interruption', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s aborts the signal: 130', async signal => {
    const ended = await run(['--do', 'wait'], { on: 'waiting', signal })
    expect(ended).toEqual({ status: 130, stdout: 'waiting\n', stderr: INTERRUPTED })
  })

  test('ends what does not stop by itself within a second', async () => {
    const begun = performance.now()
    const ended = await run(['--do', 'wait stubbornly'], { on: 'waiting' })
    expect(ended).toEqual({ status: 130, stdout: 'waiting\n', stderr: INTERRUPTED })
    expect(performance.now() - begun).toBeLessThan(2000)
  })

  test('lets uninterrupted work finish, however long it takes, and ends what follows', async () => {
    const ended = await run(['--do', 'publish'], { on: 'publishing' })
    expect(ended).toEqual({ status: 130, stdout: 'publishing\npublished\n', stderr: INTERRUPTED })
  })

  test('lets no uninterrupted work begin', async () => {
    const ended = await run(['--do', 'publish late'], { on: 'waiting' })
    expect(ended).toEqual({ status: 130, stdout: 'waiting\n', stderr: INTERRUPTED })
  })
})
