import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planObjects } from '../src/objects.ts'
import { Random } from '../src/random.ts'
import { Sizes } from '../src/sizes.ts'
import { WeightedChoice } from '../src/weighted-choice.ts'

describe('Random', () => {
  test('is the same numbers for the same seed and path, for ever', () => {
    const random = Random.of(7, 'object', 12)
    expect([random.next(), random.next(), random.next(), random.below(100), random.hex(8)])
      .toMatchInlineSnapshot(`
      [
        1590259090,
        1398324226,
        2063409949,
        94,
        "e5e8e5b5",
      ]
    `)
  })

  test('is other numbers for another seed or path', () => {
    const first = [Random.of(1, 'a'), Random.of(2, 'a'), Random.of(1, 'b'), Random.of(1, 'a', 0)].map(
      random => random.next(),
    )
    expect(new Set(first).size).toBe(4)
  })

  test('is even over its 32 bits', () => {
    const random = Random.of(3, 'even')
    const ones = Array.from({ length: 32 }, () => 0)
    const draws = 20_000
    for (let draw = 0; draw < draws; draw++) {
      const value = random.next()
      for (let bit = 0; bit < 32; bit++) ones[bit]! += (value >>> bit) & 1
    }
    for (const count of ones) expect(Math.abs(count / draws - 0.5)).toBeLessThan(0.02)
  })
})

describe('WeightedChoice', () => {
  test('draws each thing in proportion to its weight, as walking the sums would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 12 }),
        weights => {
          const total = weights.reduce((sum, weight) => sum + weight, 0)
          fc.pre(total > 0)
          const choice = new WeightedChoice(weights, weights.length)
          expect(choice.total).toBe(total)
          const random = Random.of(total, weights.length)
          const drawn = weights.map(() => 0)
          const draws = 4000
          for (let draw = 0; draw < draws; draw++) drawn[choice.draw(random)]!++
          for (const [at, weight] of weights.entries()) {
            // Five standard deviations.
            const share = weight / total
            const tolerance = 5 * Math.sqrt((share * (1 - share)) / draws) + 1e-9
            expect(Math.abs(drawn[at]! / draws - share)).toBeLessThanOrEqual(tolerance)
          }
        },
      ),
      { seed: 5, numRuns: 150 },
    )
  })
})

describe('Sizes', () => {
  test('are around the mean, mostly below it, and now and then huge', () => {
    const sizes = new Sizes(1)
    const random = Random.of(1, 'draws')
    const drawn = Array.from({ length: 200_000 }, () => sizes.draw(20_000, random))
    const usual = drawn.filter(bytes => bytes < 10_000_000)
    const mean = usual.reduce((sum, bytes) => sum + bytes, 0) / usual.length
    expect(mean).toBeGreaterThan(18_000)
    expect(mean).toBeLessThan(22_000)
    expect(usual.filter(bytes => bytes < mean).length / usual.length).toBeGreaterThan(0.65)
    expect(drawn.length - usual.length).toBeGreaterThan(2)
    expect(drawn.every(bytes => Number.isSafeInteger(bytes) && bytes >= 40)).toBe(true)
  })
})

describe('planObjects', () => {
  test('shares all records and malformed lines out, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.nat({ max: 300 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (hours, more, records, bad) => {
          const malformed = Math.floor(records * bad)
          const start = 1_714_557_600
          const objects = hours + more
          const plans = planObjects({ seed: 1, start, hours, objects, records, malformed, layout: 'plain' })
          expect(plans).toHaveLength(objects)
          expect(plans.reduce((sum, plan) => sum + plan.records, 0)).toBe(records)
          expect(plans.reduce((sum, plan) => sum + plan.malformed, 0)).toBe(malformed)
          expect(new Set(plans.map(({ key }) => key)).size).toBe(objects)
          for (const plan of plans) {
            expect(plan.malformed).toBeLessThanOrEqual(plan.records)
            expect(plan.malformed).toBeGreaterThanOrEqual(0)
            expect(plan.slot % 300).toBe(0)
            expect(plan.slot).toBe(plan.until - 300)
            // No object is of two hours: the earlier one wouldn't find it by its name.
            expect(Math.floor(plan.from / 3600)).toBe(Math.floor((plan.until - 1) / 3600))
          }
          const slots = plans.map(({ slot }) => slot)
          expect(slots).toEqual(slots.toSorted((a, b) => a - b))
        },
      ),
      { seed: 9, numRuns: 100 },
    )
  })
})
