// The flow log that the stack makes, and the one that messages ask for, have every field that the worker reads.

import { LOG_FORMAT, parseFormat } from '@zonetoll/flowlog'
import { expect, test } from 'vitest'
import { logFormat } from '../apps/deploy/src/flow-logs.ts'

test('the stack and the messages name one format', () => {
  expect(logFormat(false)).toBe(LOG_FORMAT)
})

function presentIn(format: string): number[] {
  return [...parseFormat(format.replaceAll(/[${}]/g, '')).present]
}

test('it lacks nothing that the worker reads but interface-type, which version 11 has', () => {
  expect(presentIn(logFormat(true))).not.toContain(0)
  expect(presentIn(logFormat(false)).filter(present => present === 0)).toHaveLength(1)
})
