import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { PairTable } from '../src/pair-table.ts'

test('a table numbers pairs as a Map does, source and destination apart', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })), {
        minLength: 500,
        maxLength: 2000,
      }),
      pairs => {
        const table = new PairTable()
        const twin = new Map<string, number>()
        for (const [source, destination] of pairs) {
          const key = `${source} ${destination}`
          if (!twin.has(key)) twin.set(key, twin.size)
          expect(table.add(source, destination)).toBe(twin.get(key))
        }
        expect(table.size).toBe(twin.size)
        for (const [key, pair] of twin) expect(`${table.source(pair)} ${table.destination(pair)}`).toBe(key)
      },
    ),
    { seed: 81, numRuns: 30 },
  )
})

test('totals stay with their pairs as the table grows', () => {
  const table = new PairTable()
  for (let times = 0; times < 2; times++) {
    for (let at = 0; at < 5000; at++) {
      table.totals.add(table.add(at, 100_000 - at), 1, at, 0)
    }
  }
  expect(table.size).toBe(5000)
  let right = 0
  for (let at = 0; at < 5000; at++) {
    const { records, bytes } = table.totals.totals(table.add(at, 100_000 - at))
    if (records === 2n && bytes === BigInt(at * 2)) right++
  }
  expect(right).toBe(5000)
})

test('many at once have the numbers that one after the other has', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 700, size: 'max' }), { maxLength: 4 }),
      batches => {
        const single = new PairTable()
        const many = new PairTable()
        for (const batch of batches) {
          const sources = Int32Array.from(batch, ([source]) => source)
          const destinations = Int32Array.from(batch, ([, destination]) => destination)
          const pairs = new Int32Array(batch.length)
          many.addAll(sources, destinations, batch.length, pairs)
          expect([...pairs]).toEqual(batch.map(([source, destination]) => single.add(source, destination)))
        }
        expect(many.size).toBe(single.size)
      },
    ),
    { seed: 82, numRuns: 100 },
  )
})

test('room is asked for before a table doubles, and a table that gets none stays as it was', () => {
  const asked: number[] = []
  let most = Infinity
  const table = new PairTable(bytes => {
    asked.push(bytes)
    if (bytes > most) throw new Error('no room')
  })
  const fill = (pairs: number) => {
    while (table.size < pairs) table.totals.add(table.add(table.size, 7), 1, table.size, 0)
  }
  fill(512)
  expect(asked).toEqual([])
  fill(2000)
  // 32 bytes of totals and four slots of 4 a pair.
  expect(asked).toEqual([1024 * 48, 2048 * 48])
  most = 2048 * 48
  expect(() => fill(3000)).toThrow('no room')
  expect(table.size).toBe(2048)
  expect(table.columns.size).toBe(2048)
  expect(table.totals.sum(2048).records).toBe(2048n)
  most = Infinity
  fill(3000)
  expect(table.totals.sum(3000).records).toBe(3000n)
})
