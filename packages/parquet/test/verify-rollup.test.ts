import type { RollupRow } from '@zonetoll/model'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifyRollup, type RollupFileSummary } from '../src/index.ts'
import { anyRow, memoryFile, plainRow, written } from './rows.ts'

const SEED = 20240502
const OPTIONS = { groupRows: 8, pageRows: 3 }

/**
 * Holds a file made of `got` against rows `meant`, as if the encoder had made the one of the other: the bytes are as
 * written, only what they say differs.
 */
async function verifyAs(meant: readonly RollupRow[], got: readonly RollupRow[]): Promise<void> {
  const expected = (await written(meant, OPTIONS)).summary
  const { summary, file } = await written(got, OPTIONS)
  const { size, sha256 } = summary
  await verifyRollup(file, { ...expected, size, sha256 })
}

describe('a rollup as it was written', () => {
  test('passes, whatever its rows', async () => {
    const property = fc.asyncProperty(fc.array(anyRow, { maxLength: 30 }), async rows => {
      const { file, summary } = await written(rows, OPTIONS)
      await verifyRollup(file, summary)
    })
    await fc.assert(property, { seed: SEED, numRuns: 60 })
  })
})

describe('a file that isn’t what was written is refused', () => {
  test('any one byte flipped', async () => {
    const { bytes, summary } = await written([0, 1, 2, 3].map(plainRow), OPTIONS)
    const flipped = Uint8Array.from(bytes)
    for (let at = 0; at < bytes.length; at++) {
      flipped[at]! ^= 1 << (at % 8)
      await expect(verifyRollup(memoryFile(flipped), summary)).rejects.toThrow('its SHA-256: expected')
      flipped[at] = bytes[at]!
    }
    await verifyRollup(memoryFile(flipped), summary)
  })

  test('cut, longer or empty', async () => {
    const { bytes, summary } = await written([plainRow(0)], OPTIONS)
    for (const other of [
      bytes.subarray(0, -1),
      Buffer.concat([bytes, new Uint8Array(1)]),
      new Uint8Array(0),
    ]) {
      const message = `its size in bytes: expected ${bytes.length}, got ${other.length}`
      await expect(verifyRollup(memoryFile(other), summary)).rejects.toThrow(message)
    }
  })
})

describe('bytes that don’t say what the rows said are refused', () => {
  const rows = Array.from({ length: 20 }, (_, at) => plainRow(at * 7))

  test('a row dropped, doubled or added', async () => {
    await expect(verifyAs(rows, rows.toSpliced(9, 1))).rejects.toThrow(
      'its number of rows: expected 20, got 19',
    )
    await expect(verifyAs(rows, rows.toSpliced(9, 0, rows[9]!))).rejects.toThrow('expected 20, got 21')
    await expect(verifyAs([], rows)).rejects.toThrow('its number of rows: expected 0, got 20')
  })

  test('one row in another’s place', async () => {
    await expect(verifyAs(rows, rows.with(3, rows[4]!))).rejects.toThrow('the fingerprint of column')
  })

  test('any two rows swapped', async () => {
    for (let at = 1; at < rows.length; at++) {
      const swapped = rows.with(0, rows[at]!).with(at, rows[0]!)
      await expect(verifyAs(rows, swapped)).rejects.toThrow('the fingerprint of column')
    }
  })

  test.each([
    ['hour_start', { hourStart: 3600 }],
    ['bytes', { bytes: 2 ** 32 }],
    ['packets', { packets: 2 ** 53 - 1 }],
    ['records', { records: 0 }],
  ])('a value changed: %s', async (name, change) => {
    const changed = rows.with(12, { ...rows[12]!, ...(change as Partial<RollupRow>) })
    await expect(verifyAs(rows, changed)).rejects.toThrow(`the fingerprint of column ${name}: expected`)
  })

  test.each([
    ['kind', 'node'],
    ['namespace', ''],
    ['name', 'client-'],
    ['workload', ''],
    ['app', null],
    ['node', 'null'],
    ['zone', 'use2-az\u{1f600}'],
  ])('a text changed: %s', async (name, value) => {
    for (const side of ['source', 'destination'] as const) {
      const row = rows[12]!
      const changed = rows.with(12, { ...row, [side]: { ...row[side], [name]: value } })
      await expect(verifyAs(rows, changed)).rejects.toThrow(
        `the fingerprint of column ${side}_${name}: expected`,
      )
    }
  })

  test('any other rows', async () => {
    const different = fc.asyncProperty(
      fc.array(anyRow, { maxLength: 6 }),
      fc.array(anyRow, { maxLength: 6 }),
      async (meant, got) => {
        fc.pre(JSON.stringify(meant) !== JSON.stringify(got))
        await expect(verifyAs(meant, got)).rejects.toThrow('the rollup differs from what was written')
      },
    )
    await fc.assert(different, { seed: SEED, numRuns: 60 })
  })

  test.each(['bytes', 'packets', 'records'] as const)('another sum of %s', async name => {
    const { file, summary } = await written(rows, OPTIONS)
    const expected: RollupFileSummary = { ...summary, [name]: summary[name] + 1n }
    await expect(verifyRollup(file, expected)).rejects.toThrow(`the sum of column ${name}: expected`)
  })
})
