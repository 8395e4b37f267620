// Figures and bars from rounds.

import { describe, expect, test } from 'vitest'
import { barsOf, ratioOf } from '../src/bars.ts'
import type { Result } from '../src/contest.ts'
import { cpuOfTimes, duckDb, gunzipAlone, objectsToRows, plainNode, wholeRun } from '../src/contestants.ts'
import { verdict } from '../src/report.ts'
import { formatSpread, spreadOf } from '../src/spread.ts'

function result(
  { name }: { readonly name: string },
  cpus: readonly number[],
  absent: string | null = null,
): Result {
  const rounds = cpus.map(cpu => ({ work: { cpu, wall: cpu / 2 }, process: { cpu, wall: cpu }, peak: null }))
  return { name, absent, rounds }
}

const CONTEST = [
  result(gunzipAlone, [10, 20, 10]),
  result(objectsToRows, [13, 24, 15]),
  result(wholeRun, [18, 30, 18]),
  result(plainNode, [52, 96, 75]),
  result(duckDb, [], 'not installed'),
]

describe('spreads', () => {
  test('have the middle, the least and the most', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 })
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 })
    expect(spreadOf([])).toBeNull()
  })

  test('are shown with the digits that count', () => {
    expect(formatSpread({ median: 1.314, least: 1.29, most: 1.345 })).toBe('1.31 (1.29–1.34)')
    expect(formatSpread({ median: 12.34, least: 12.34, most: 12.34 })).toBe('12.3')
    expect(formatSpread({ median: 1234, least: 999, most: 2345 })).toBe('1,234 (999–2,345)')
    expect(formatSpread(null)).toBe('-')
  })
})

describe('bars', () => {
  test('take the ratios round by round, so that a slow round meets both', () => {
    expect(ratioOf(CONTEST, objectsToRows, gunzipAlone, 'cpu')).toEqual({
      median: 1.3,
      least: 1.2,
      most: 1.5,
    })
  })

  test('are met, as hoped, not met or not measured', () => {
    const bars = barsOf({ contest: CONTEST, stages: null, scaling: null })
    expect(bars.map(bar => verdict(bar))).toEqual([
      'met',
      'not met',
      'not met',
      'met',
      'not measured',
      'not measured',
      'not measured',
      'not measured',
    ])
    const better = [result(gunzipAlone, [10]), result(objectsToRows, [12]), result(plainNode, [60])]
    const [rows, , , plain] = barsOf({ contest: better, stages: null, scaling: null })
    expect([verdict(rows!), verdict(plain!)]).toEqual(['as hoped', 'as hoped'])
  })
})

test("the shell's times are added up, its own and its children's", () => {
  expect(cpuOfTimes('0m0.010s 0m0.020s\n1m2.500s 0m0.500s\n')).toBeCloseTo(63.03, 9)
  expect(cpuOfTimes('0m0,010s 0m0,020s')).toBeCloseTo(0.03, 9)
})
