// The main job as the README has it, through pnpm: arguments and exit statuses come through.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Desk } from '../apps/worker/test/worker.ts'
import { HOUR_TEXT, PARTITION, smallHour } from './support/data-set.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

// What pnpm would ask a registry for is left out: it is there, or this test didn't run.
const PNPM = ['--yes', '--prefer-offline', 'pnpm@12.21.0']
const QUIET = { pnpm_config_pm_on_fail: 'ignore', pnpm_config_verify_deps_before_run: 'false' }

let desk: Desk

beforeAll(async () => {
  desk = await Desk.make(smallHour())
})

afterAll(async () => {
  await desk.close()
})

function pnpmStart(args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise(resolve => {
    const options = { cwd: ROOT, env: { ...process.env, ...QUIET } }
    const child = execFile('npx', [...PNPM, 'start', ...args], options, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

function folders(): string[] {
  return ['logs', 'assignments', 'rollups'].flatMap(name => [`--${name}`, desk.path(name)])
}

test('done is 0, and a -- before the options is dropped', async () => {
  const { status, stdout } = await pnpmStart(['--', '--json', '--hour', HOUR_TEXT, ...folders()])
  expect(status).toBe(0)
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1))).toMatchObject({ hours: [{ crossZoneBytes: 340 }] })
  expect(Object.keys(await desk.rollups()).sort()).toEqual([
    `${PARTITION}_ledger.json`,
    `${PARTITION}rollup.parquet`,
  ])
})

test('failed is 1, wrong arguments are 2, help is the command’s own', async () => {
  const failed = await pnpmStart(['--hour', '2024-05-01T11', ...folders()])
  expect(failed.status).toBe(1)
  expect(failed.stderr).toContain('error: no assignments for 2024-05-01T11')
  const wrong = await pnpmStart(['--hour', 'noon'])
  expect(wrong.status).toBe(2)
  expect(wrong.stderr).toContain('Expected a UTC hour like 2024-05-01T10.')
  const help = await pnpmStart(['--help'])
  expect(help.status).toBe(0)
  expect(help.stdout).toContain('Usage: pnpm start [options]')
})
