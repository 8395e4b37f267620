import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExactSum } from '../src/exact-sum.ts'

test('a sum is what BigInt addition gives, below and above 2^53', () => {
  const large = fc.integer({ min: 2 ** 53 - 1000, max: 2 ** 53 - 1 })
  const property = fc.property(fc.array(fc.oneof(fc.nat(), large, fc.maxSafeNat())), values => {
    const sum = new ExactSum()
    for (const value of values) sum.add(value)
    expect(sum.total).toBe(values.reduce((total, value) => total + BigInt(value), 0n))
  })
  fc.assert(property, { seed: 20240503 })
})
