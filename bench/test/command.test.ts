// pnpm bench, as it is run.

import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../src/machine.ts'
import { writeRecord } from '../src/record.ts'
import { SCENARIOS } from '../src/scenarios.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

function bench(
  parameters: readonly string[],
): Promise<{ status: number | null; output: string; complaint: string }> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [MAIN, ...parameters])
    let [output, complaint] = ['', '']
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
    child.on('close', status => resolve({ status, output, complaint }))
  })
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-command-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('--list says which scenarios there are', async () => {
  const { status, output } = await bench(['--list'])
  expect(status).toBe(0)
  for (const { name, what } of SCENARIOS) expect(output).toMatch(new RegExp(`^${name} +${what}$`, 'm'))
})

test.each([
  [['--scenario', 'fast'], /Expected one of standard, /],
  [['--records', '12'], /Expected a whole number from 1000/],
  [['--once', '--rounds', '2'], /--once measures nothing: leave out --rounds/],
])('%j is refused with status 2', async (parameters, message) => {
  const { status, complaint } = await bench(parameters)
  expect(status).toBe(2)
  expect(complaint).toMatch(message)
})

test('--once checks answers and says nothing of time', async () => {
  const { status, output } = await bench([
    '--once',
    '--scenario',
    'heavy-reuse',
    '--records',
    '5000',
    '--quiet',
    '--data',
    await temporaryFolder(),
  ])
  expect(output).toMatch(/^heavy-reuse: \d+ rows, all answers right\n$/)
  expect(status).toBe(0)
})

test('--json is one line with rounds, stages and bars', async () => {
  const { status, output, complaint } = await bench([
    '--json',
    '--scenario',
    'few-pairs',
    '--records',
    '5000',
    '--rounds',
    '2',
    '--data',
    await temporaryFolder(),
  ])
  expect(status).toBe(0)
  expect(complaint).toMatch(/round 2 of 2, DuckDB/)
  const { machine, scenarios } = JSON.parse(output) as {
    machine: { node: string }
    scenarios: {
      name: string
      contest: { results: { rounds: unknown[]; absent: string | null }[] }
      bars: { met: boolean | null }[]
    }[]
  }
  expect(machine.node).toBe(process.version)
  expect(scenarios.map(({ name }) => name)).toEqual(['few-pairs'])
  for (const { absent, rounds } of scenarios[0]!.contest.results) {
    expect(rounds).toHaveLength(absent === null ? 2 : 0)
  }
  expect(scenarios[0]!.bars).toHaveLength(8)
  expect(output.trimEnd()).not.toContain('\n')
})

test('a record has its date for a name, and a second one of the day a number too', async () => {
  const folder = await temporaryFolder()
  const result = { machine: thisMachine(), rounds: 3, seed: 1, scenarios: [] }
  const now = new Date('2026-11-22T23:59:59Z')
  expect(await writeRecord(folder, result, now)).toBe(join(folder, '2026-11-22.md'))
  expect(await writeRecord(folder, result, now)).toBe(join(folder, '2026-11-22-2.md'))
  expect((await readdir(folder)).sort()).toEqual([
    '2026-11-22-2.json',
    '2026-11-22-2.md',
    '2026-11-22.json',
    '2026-11-22.md',
  ])
  expect(await readFile(join(folder, '2026-11-22.md'), 'utf8')).toMatch(/^# Benchmark of 2026-11-22\n/)
})
