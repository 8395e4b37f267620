import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressTable, NONE } from '../src/address-table.ts'

test('a table answers as a Map does, both families numbered together, through growth', () => {
  const word = fc.constantFrom(0, 1, 2, 0x0a000001, 0x26001f16, 0x80000000, 0xffffffff)
  const address = fc.oneof(
    fc.oneof(fc.integer({ min: 0x0a000000, max: 0x0a000100 }), word).map(value => [value]),
    fc.tuple(word, word, word, fc.oneof(word, fc.nat(100))).map((words): number[] => words),
  )
  fc.assert(
    fc.property(fc.array(address, { maxLength: 300 }), addresses => {
      const table = new AddressTable()
      const twin = new Map<string, number>()
      const find = (words: number[]): number =>
        words.length === 1 ? table.find4(words[0]!) : table.find6([5, ...words, 5], 1)
      for (const words of addresses) {
        expect(find(words)).toBe(twin.get(words.join()) ?? NONE)
        const entry = words.length === 1 ? table.add4(words[0]!) : table.add6([5, 5, ...words], 2)
        if (!twin.has(words.join())) twin.set(words.join(), twin.size)
        expect(entry).toBe(twin.get(words.join()))
      }
      const over = AddressTable.over(structuredClone(table.columns))
      for (const words of addresses) {
        expect(find(words)).toBe(twin.get(words.join()))
        const again = words.length === 1 ? over.find4(words[0]!) : over.find6(words, 0)
        expect(again).toBe(twin.get(words.join()))
      }
      expect(table.size).toBe(twin.size)
    }),
    { seed: 51, numRuns: 200 },
  )
})

test('IPv6 addresses that differ in one word only have entries of their own', () => {
  for (let word = 0; word < 4; word++) {
    const table = new AddressTable()
    const addressOf = (at: number) => [7, 7, 7, 7].with(word, at)
    for (let at = 0; at < 2000; at++) expect(table.add6(addressOf(at), 0)).toBe(at)
    for (let at = 0; at < 2000; at++) expect(table.add6(addressOf(at), 0)).toBe(at)
    for (let at = 0; at < 2000; at++) expect(table.find6(addressOf(at), 0)).toBe(at)
    for (let at = 2000; at < 4000; at++) expect(table.find6(addressOf(at), 0)).toBe(NONE)
    expect(table.size).toBe(2000)
  }
})

test('a table holds a whole /16 and as many IPv6 addresses', () => {
  const table = new AddressTable()
  for (let at = 0; at < 65_536; at++) {
    table.add4(0x0a000000 + at)
    table.add6([0x26001f16, at, 0, at & 15], 0)
  }
  expect(table.size).toBe(131_072)
  let right = 0
  for (let at = 0; at < 65_536; at++) {
    if (
      table.find4(0x0a000000 + at) === at * 2 &&
      table.find6([0x26001f16, at, 0, at & 15], 0) === at * 2 + 1
    )
      right++
  }
  expect([right, table.find4(0x0a010000), table.find6([0x26001f16, 1, 0, 2], 0)]).toEqual([
    65_536,
    NONE,
    NONE,
  ])
})
