import type { RollupRow } from '@zonetoll/model'
import type { Field } from 'parquetjs-lite'
import { describe, expect, test } from 'vitest'
import { readRollup } from '../src/index.ts'
import { plainFields, rowByRow } from './row-by-row.ts'
import { cells, memoryFile, plainRow, written } from './rows.ts'

/** A file that is almost a rollup: any column changed, at most one row of any values. */
function foreign(rows: unknown[][], change: (fields: [string, Field][]) => void = () => undefined) {
  const fields = plainFields().map(([name, field]): [string, Field] => [
    name,
    { ...field, statistics: false },
  ])
  change(fields)
  return rowByRow(fields, rows, 10, 10)
}

function text(optional: boolean): Field {
  return { type: 'UTF8', optional, statistics: false, compression: 'GZIP' }
}

function readAll(bytes: Uint8Array): Promise<RollupRow[]> {
  return Array.fromAsync(readRollup(memoryFile(bytes)))
}

describe('reading', () => {
  test('lets no other codec at the bytes than rollups have', async () => {
    const packed = await foreign([cells(plainRow(0))], fields => {
      for (const field of fields) field[1] = { ...field[1], compression: 'SNAPPY' }
    })
    await expect(readAll(packed)).rejects.toThrow('it is packed by SNAPPY, expected GZIP')
  })

  test('shares the endpoint of rows that stand next to each other', async () => {
    const rows = await readAll((await written([plainRow(0), plainRow(1), plainRow(100)])).bytes)
    expect(rows[1]!.source).toBe(rows[0]!.source)
    expect(rows[1]!.destination).not.toBe(rows[0]!.destination)
    expect(rows[2]!.source).not.toBe(rows[1]!.source)
  })

  test('takes a file whose slices come later', async () => {
    const { bytes } = await written([plainRow(0)])
    const later = {
      byteLength: bytes.length,
      slice: (start: number, end: number) =>
        Promise.resolve(new Uint8Array(bytes.subarray(start, end)).buffer),
    }
    expect(await Array.fromAsync(readRollup(later))).toEqual([plainRow(0)])
  })

  test('ends with the file’s own error kept when a slice can’t be had', async () => {
    const { bytes } = await written([plainRow(0)])
    const failure = new Error('connection reset')
    let slices = 0
    const failing = {
      byteLength: bytes.length,
      slice(start: number, end: number) {
        // The first two are the footer's.
        if (slices++ > 1) return Promise.reject(failure)
        return new Uint8Array(bytes.subarray(start, end)).buffer
      },
    }
    const error: unknown = await Array.fromAsync(readRollup(failing)).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ cause: failure })
    expect(String(error)).toContain("rollup, column hour_start, rows 1 to 1: can't be read: connection reset")
  })
})

const MAGIC = new TextEncoder().encode('PAR1')

describe('what isn’t a rollup is refused', () => {
  test.each([
    ['nothing', new Uint8Array(0)],
    ['three bytes', new Uint8Array(3)],
    ['text', new TextEncoder().encode('version account-id interface-id srcaddr dstaddr')],
    ['only the magic number', new TextEncoder().encode('PAR1PAR1')],
  ])('%s', async (_, bytes) => {
    await expect(readAll(bytes)).rejects.toThrow(`rollup: expected a Parquet file, got ${bytes.length} bytes`)
  })

  test('a footer that claims 30 million row groups in no more than a few bytes, before anything is made of it', async () => {
    const footer = [0x19 + 0x30, 0xfc, 0x80, 0x87, 0xa7, 0x0e]
    const bytes = Uint8Array.from([...MAGIC, ...footer, footer.length, 0, 0, 0, ...MAGIC])
    const before = process.memoryUsage.rss()
    await expect(readAll(bytes)).rejects.toThrow(/expected a Parquet file, got 18 bytes.*30000000/)
    expect(process.memoryUsage.rss() - before).toBeLessThan(100e6)
  })

  test('a file cut short', async () => {
    const { bytes } = await written([plainRow(0)])
    await expect(readAll(bytes.subarray(0, bytes.length - 1))).rejects.toThrow('expected a Parquet file')
  })

  test('another column’s name', async () => {
    const bytes = await foreign([], fields => {
      fields[3]![0] = 'source_pod'
    })
    await expect(readAll(bytes)).rejects.toThrow(
      'rollup, column 4: expected source_name UTF8, got source_pod UTF8',
    )
  })

  test('another column’s type, or null where none may be', async () => {
    const typed = await foreign([], fields => {
      fields[15]![1] = text(false)
    })
    await expect(readAll(typed)).rejects.toThrow('rollup, column 16: expected bytes INT64, got bytes UTF8')
    const nullable = await foreign([], fields => {
      fields[7]![1] = text(true)
    })
    await expect(readAll(nullable)).rejects.toThrow(
      'rollup, column 8: expected source_zone UTF8, got source_zone UTF8 optional',
    )
  })

  test('a column too few or too many', async () => {
    const few = await foreign([], fields => fields.pop())
    await expect(readAll(few)).rejects.toThrow('rollup, column 18: expected records INT64, got none')
    const many = await foreign([], fields => fields.push(['cluster', text(false)]))
    await expect(readAll(many)).rejects.toThrow(
      'rollup, column 19: expected no such column, got cluster UTF8',
    )
  })

  test.each([
    ['hour_start', 0, 1_714_557_601_000],
    ['source_kind', 1, 'service'],
    ['bytes', 15, -5],
    ['records', 17, 2 ** 60],
  ])('a value that a row can’t hold: %s', async (name, at, value) => {
    const bytes = await foreign([(cells(plainRow(0)) as unknown[]).with(at, value)])
    await expect(readAll(bytes)).rejects.toThrow(`rollup row 1, column ${name}: expected`)
  })
})
