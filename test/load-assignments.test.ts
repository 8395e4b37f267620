// 50,000 pods and 2,000 subnets load in under 2 s and 200 MB.
//
// Measured in a process of its own, in CPU time and growth of the heap and of buffers after a collection, so that
// neither other tests nor a busy machine count. Lines are made beforehand: reading them from an object isn't in it.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

interface Measured {
  readonly endpoints: number
  readonly found: number
  readonly cpuSeconds: number
  readonly megabytesKept: number
  readonly megabytesAtMost: number
}

test('50,000 pods and 2,000 subnets load in under 2 s of CPU and 200 MB', () => {
  const script = fileURLToPath(new URL('support/load-assignments.ts', import.meta.url))
  const measured = JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', script, '50000', '2000'], { encoding: 'utf8' }),
  ) as Measured
  expect(measured.endpoints).toBe(52_000)
  expect(measured.found).toBe(100_000)
  expect(measured.cpuSeconds).toBeLessThan(2)
  expect(measured.megabytesAtMost).toBeLessThan(200)
  expect(measured.megabytesKept).toBeLessThanOrEqual(measured.megabytesAtMost)
})
