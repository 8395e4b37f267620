import type { UnixMillis } from '@zonetoll/model'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { disjoin, type Claim } from '../src/intervals.ts'

function claim(endpoint: number, from: number, until: number, seen = 0, uid = `uid-${endpoint}`): Claim {
  return { endpoint, from: from as UnixMillis, until: until as UnixMillis, seen: seen as UnixMillis, uid }
}

/** Endpoint, from and until of each claim, and how many were cut. */
function brief(claims: readonly Claim[]): unknown {
  const disjoint = disjoin(claims)
  return [disjoint.cut, ...disjoint.claims.map(({ endpoint, from, until }) => [endpoint, from, until])]
}

describe('claims', () => {
  test('that lie apart stay, sorted', () => {
    expect(brief([claim(1, 20, 30), claim(2, 0, 10)])).toEqual([0, [2, 0, 10], [1, 20, 30]])
  })

  test('that touch stay', () => {
    expect(brief([claim(1, 0, 10), claim(2, 10, 20)])).toEqual([0, [1, 0, 10], [2, 10, 20]])
  })

  test('that overlap: the earlier ends where the later begins', () => {
    expect(brief([claim(1, 0, 10), claim(2, 9, 20)])).toEqual([1, [1, 0, 9], [2, 9, 20]])
  })

  test('that nest: the outer one doesn’t come back', () => {
    expect(brief([claim(1, 0, 100), claim(2, 10, 20)])).toEqual([1, [1, 0, 10], [2, 10, 20]])
  })

  test('that are open end where the next begins, and count as cut', () => {
    expect(brief([claim(1, 0, Infinity), claim(2, 10, Infinity), claim(3, 20, 30)])).toEqual([
      2,
      [1, 0, 10],
      [2, 10, 20],
      [3, 20, 30],
    ])
  })

  test('that begin together: the one that goes on longer is the later, the other held at no moment', () => {
    expect(brief([claim(1, 0, 10, 5), claim(2, 0, 20, 4)])).toEqual([1, [2, 0, 20]])
    expect(brief([claim(1, 0, Infinity, 4), claim(2, 0, 20, 5)])).toEqual([1, [1, 0, Infinity]])
  })

  test('that begin and end together: the one seen later is the later', () => {
    expect(brief([claim(1, 0, 20, 5), claim(2, 0, 20, 4)])).toEqual([1, [1, 0, 20]])
    expect(brief([claim(1, 0, Infinity, 4), claim(2, 0, Infinity, 5)])).toEqual([1, [2, 0, Infinity]])
  })

  test('that begin together and were seen together: the greater uid is the later', () => {
    expect(brief([claim(1, 0, 20, 0, 'b'), claim(2, 0, 20, 0, 'a')])).toEqual([1, [1, 0, 20]])
  })

  test('that held at no moment cut nothing and aren’t cut', () => {
    expect(brief([claim(1, 0, 10), claim(2, 5, 5), claim(3, 8, 7)])).toEqual([0, [1, 0, 10]])
  })

  test('of nobody are none', () => {
    expect(brief([])).toEqual([0])
  })
})

function beginsLater(a: Claim, b: Claim): boolean {
  if (a.from !== b.from) return a.from > b.from
  if (a.until !== b.until) return a.until > b.until
  return a.seen !== b.seen ? a.seen > b.seen : a.uid > b.uid
}

test('random claims become the disjoint ones that a look at every moment gives, whatever their order', () => {
  const random = fc.tuple(fc.nat(12), fc.oneof(fc.nat(14), fc.constant(Infinity)), fc.nat(2))
  let cuts = 0
  fc.assert(
    fc.property(fc.array(random, { maxLength: 7 }), parts => {
      const claims = parts.map(([from, until, seen], at) => claim(at, from, until, seen))
      const { claims: kept, cut } = disjoin(claims)
      expect(disjoin(claims.toReversed())).toEqual({ claims: kept, cut })
      cuts += cut
      for (const [at, { from, until }] of kept.entries()) {
        expect(from).toBeLessThan(until)
        if (at > 0) expect(kept[at - 1]!.until).toBeLessThanOrEqual(from)
      }
      // At any moment: of those that had begun, the last to begin, while it holds.
      for (let moment = 0; moment < 16; moment++) {
        const begun = claims.filter(each => each.from <= moment && each.from < each.until)
        const last = begun.find(each => begun.every(other => other === each || beginsLater(each, other)))
        const expected = last !== undefined && last.until > moment ? last.endpoint : null
        const holder = kept.find(each => each.from <= moment && each.until > moment)
        expect(holder?.endpoint ?? null).toBe(expected)
      }
      const shortened = claims.filter(each => {
        const found = kept.find(other => other.endpoint === each.endpoint)
        return each.from < each.until && found?.until !== each.until
      })
      expect(cut).toBe(shortened.length)
    }),
    { seed: 61, numRuns: 2000 },
  )
  expect(cuts).toBeGreaterThan(1000)
})
