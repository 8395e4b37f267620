// `pnpm start --report` draws the page that `pnpm report --hour` draws.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const run = (program: string, ...options: string[]) =>
  execFileSync(process.execPath, [`${root}apps/${program}`, ...options], { encoding: 'utf8', stdio: 'pipe' })

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonetoll-start-report-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the page of a run is the one that pnpm report draws, byte for byte, also with same-zone rows and beside an hour before', () => {
  run(
    'sample/src/main.ts',
    '--out',
    join(folder, 'data'),
    '--pods',
    '60',
    '--records',
    '20000',
    '--hours',
    '2',
    '--objects',
    '8',
    '--cluster',
    'demo',
    '--quiet',
  )
  const rollups = join(folder, 'rollups')
  const places = [
    '--logs',
    join(folder, 'data/logs'),
    '--assignments',
    join(folder, 'data/assignments'),
    '--rollups',
    rollups,
  ]
  run('worker/src/main.ts', '--hour', '2024-05-01T10', ...places)
  const said = run('worker/src/main.ts', '--hour', '2024-05-01T11', '--report', '--all-pairs', ...places)
  const page = join(rollups, 'cluster=demo/dt=2024-05-01/hour=11/report.html')
  expect(said.trimEnd().split('\n').at(-1)).toBe(`Report  ${page}`)
  const drawn = join(folder, 'drawn.html')
  run('explore/src/report.ts', '--hour', '2024-05-01T11', '--rollups', rollups, '--out', drawn)
  expect(readFileSync(page).equals(readFileSync(drawn))).toBe(true)
})

test('shards draw nothing: the merge does', () => {
  const rollups = join(folder, 'rollups')
  const hour = ['--hour', '2024-05-01T10', '--rollups', rollups]
  expect(() => run('worker/src/main.ts', ...hour, '--shard', '0/2', '--report')).toThrow(/pnpm merge/)
  for (const shard of ['0/2', '1/2']) run('worker/src/main.ts', ...hour, '--shard', shard)
  const said = run('worker/src/merge.ts', ...hour, '--report', '--json')
  const { report } = (JSON.parse(said) as { hours: [{ report: string }] }).hours[0]
  const drawn = join(folder, 'drawn.html')
  run('explore/src/report.ts', ...hour, '--out', drawn)
  expect(readFileSync(report).equals(readFileSync(drawn))).toBe(true)
})
