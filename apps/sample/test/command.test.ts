import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { withFolder } from './data-sets.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

interface Outcome {
  readonly status: number | null
  readonly out: string
  readonly error: string
}

function run(
  args: readonly string[],
  environment: Record<string, string> = {},
  meanwhile: (interrupt: () => void) => void = () => {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: environment })
  let out = ''
  let error = ''
  child.stdout.on('data', chunk => (out += String(chunk)))
  child.stderr.on('data', chunk => (error += String(chunk)))
  meanwhile(() => child.kill('SIGINT'))
  return new Promise(resolve => {
    child.on('close', status => resolve({ status, out, error }))
  })
}

describe('pnpm sample', () => {
  test('writes a data set, and says what it wrote and how to read it', async () => {
    await withFolder(async folder => {
      const out = join(folder, 'new')
      const outcome = await run(['--', '--out', out, '--records', '2000'])
      expect(outcome).toMatchObject({ status: 0, error: '' })
      expect(outcome.out).toContain('2,000 lines in 14 objects')
      expect(outcome.out).toContain(`pnpm start --hour 2024-05-01T10 --logs ${out}/logs`)
      expect(readdirSync(out).sort()).toEqual(['assignments', 'logs', 'truth.json'])
    })
  })

  test('takes options from the environment, and rather from the command line', async () => {
    await withFolder(async out => {
      const environment = {
        ZONETOLL_OUT: out,
        ZONETOLL_RECORDS: '300',
        ZONETOLL_CLUSTER: 'other',
        ZONETOLL_START: '2025-02-28T23',
      }
      const outcome = await run(['--records', '400', '--hours', '2', '--json'], environment)
      expect(outcome.status).toBe(0)
      expect(JSON.parse(outcome.out)).toMatchObject({
        lines: 400,
        objects: 28,
        hours: ['2025-02-28T23:00:00Z', '2025-03-01T00:00:00Z'],
      })
      expect(readdirSync(join(out, 'assignments'))).toEqual(['cluster=other'])
    })
  })

  test('names the option that is wrong, what was expected, and ends with 2', async () => {
    const wrong = [
      [[], 'no folder given'],
      [['--out', 'x', '--pods', '3'], '20 to 1000000'],
      [['--out', 'x', '--records', 'many'], '--records'],
      [['--out', 'x', '--records', '-5'], '--records'],
      [['--out', 'x', '--start', '2024-02-30T00'], '2024-05-01T10'],
      [['--out', 'x', '--fields', '14'], '6, 25, 29'],
      [['--out', 'x', '--fields', 'toString'], '6, 25, 29'],
      [['--out', 'x', '--unknown', '2'], '0 to 0.95'],
      [['--out', 'x', '--reuse', '0.7'], '0 to 0.6'],
      [['--out', 'x', '--layout', 'flat'], 'plain, hourly, hive, hive-hourly'],
      [['--out', 'x', '--cluster', '../up'], 'cluster name'],
      [['--out', 'x', '--level', '0'], '1 to 9'],
      [['--out', 'x', '--objects', '2', '--hours', '3'], 'at least one an hour'],
      [['--out', 'x', '--records', '2', '--malformed', '3'], '--malformed 3'],
      [['--out', 'x', '--nonsense'], '--nonsense'],
      [['stray', '--out', 'x'], 'argument'],
    ] as const
    const outcomes = await Promise.all(wrong.map(([args]) => run(args)))
    for (const [at, { status, out, error }] of outcomes.entries()) {
      const [args, message] = wrong[at]!
      expect([args, status, out]).toEqual([args, 2, ''])
      expect(error).toContain(message)
      expect(error).not.toContain('    at ')
    }
    expect(existsSync('x')).toBe(false)
  })

  test('fails with 1 where the folder has a data set already, or is a file', async () => {
    await withFolder(async out => {
      await run(['--out', out, '--records', '10'])
      const truth = readFileSync(join(out, 'truth.json'), 'utf8')
      const again = await run(['--out', out, '--records', '20'])
      expect(again).toMatchObject({ status: 1, out: '' })
      expect(again.error).toContain('--replace')
      expect(readFileSync(join(out, 'truth.json'), 'utf8')).toBe(truth)

      const inFile = await run(['--out', join(out, 'truth.json'), '--records', '20'])
      expect(inFile.status).toBe(1)
      expect(inFile.error).toContain('truth.json')
    })
  })

  test('ends with 130 when it is interrupted, and leaves nothing', async () => {
    await withFolder(async out => {
      const outcome = await run(['--out', out, '--records', '50000000'], {}, interrupt => {
        const whenWriting = setInterval(() => {
          if (!existsSync(join(out, '.unfinished-sample', 'logs'))) return
          clearInterval(whenWriting)
          interrupt()
        }, 20)
      })
      expect(outcome).toMatchObject({ status: 130, out: '' })
      expect(readdirSync(out)).toEqual([])
    })
  })

  test('explains itself with --help', async () => {
    const { status, out } = await run(['--help'])
    expect(status).toBe(0)
    for (const name of [
      'out',
      'pods',
      'records',
      'objects',
      'start',
      'hours',
      'seed',
      'peers',
      'fields',
      'unknown',
      'reuse',
      'ipv6',
      'cluster',
      'layout',
      'level',
      'malformed',
      'replace',
      'json',
      'quiet',
    ]) {
      expect(out).toContain(`--${name}`)
    }
    expect(out).toContain('Examples:')
  })
})
