// Hostile bytes, each target in turn: no crash, no hang, no memory without bound, and books that balance.

import { expect, test } from 'vitest'
import { AGAIN, LONG, MILLIS_A_TARGET, runFuzz } from './run-fuzz.ts'
import { makeTarget, TARGETS, type TargetName } from './targets.ts'

const MOST_BYTES = 1024 ** 3
const names = Object.keys(TARGETS) as TargetName[]

test.each(names)(
  'whatever the bytes, the %s is read or refused as documented',
  {
    timeout: MILLIS_A_TARGET * 3 + 60_000,
  },
  async name => {
    const report = await runFuzz(name)
    const { inputs, outcomes, slowest, failure, peak } = report
    const seconds = (MILLIS_A_TARGET / 1000).toFixed(0)
    if (LONG) {
      process.stdout.write(
        `${name}: ${inputs} inputs in ${seconds} s, ${JSON.stringify(outcomes)}, slowest ${slowest.toFixed(0)} ms, ` +
          `${(peak / 2 ** 20).toFixed(0)} MiB (${AGAIN})\n`,
      )
    }
    expect(failure, AGAIN).toBeNull()
    expect(peak).toBeLessThan(MOST_BYTES)
    const { reaches } = await makeTarget(name)
    expect(reaches.filter(outcome => (outcomes[outcome] ?? 0) === 0)).toEqual([])
  },
)
