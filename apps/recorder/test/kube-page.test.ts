import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { KubePage } from '../src/kube-page.ts'
import { KubeAnswerError } from '../src/kube-request.ts'

interface Read {
  readonly items: unknown[]
  readonly rest: unknown
}

function read(bytes: Buffer, cuts: readonly number[]): Read {
  const items: unknown[] = []
  const page = new KubePage(item => items.push(item))
  const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
  for (let at = 1; at < edges.length; at++) page.push(bytes.subarray(edges[at - 1], edges[at]))
  return { items, rest: page.end() }
}

// The plain twin: all at once.
function readWhole(bytes: Buffer): Read {
  const whole = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
  if (!Array.isArray(whole['items'])) return { items: [], rest: whole }
  const items = whole['items'].filter(
    item => typeof item === 'object' && item !== null && !Array.isArray(item),
  )
  return { items, rest: { ...whole, items: [] } }
}

const PAGE = Buffer.from(
  '{"kind":"PodList","note":"\\"items\\":[{\\\\","metadata":{"items":[{"a":1}],"resourceVersion":"218"}, "items" : [ {"a":"}]\\"{"} ,{"items":[{"ü€𝄞":[]}]}, {} ],"last":[1,{"b":2}]}\n',
)

describe('a page read object by object', () => {
  it('is the same wherever the stream is cut, once or twice', () => {
    const expected = readWhole(PAGE)
    expect(expected.items).toHaveLength(3)
    for (let cut = 0; cut <= PAGE.length; cut++) {
      expect(read(PAGE, [cut])).toEqual(expected)
      expect(read(PAGE, [cut, Math.min(PAGE.length, cut + 1)])).toEqual(expected)
    }
  })

  it('is what JSON.parse says, for any list in any chunks', () => {
    const text = fc.string({
      unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ':', ',', 'ü', '𝄞', ' ', 'items'),
    })
    const { value } = fc.letrec(tie => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.constant(null), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(fc.oneof(text, fc.constant('items')), tie('value'), { maxKeys: 4 }),
    }))
    // Elements that aren't objects have no place in a list; what they are made of may be anything.
    const items = fc.array(fc.dictionary(text, value, { maxKeys: 4 }), { maxLength: 5 })
    const list = fc.tuple(
      fc.dictionary(text, value, { maxKeys: 3 }),
      items,
      fc.dictionary(text, value, { maxKeys: 3 }),
    )
    let most = 0
    fc.assert(
      fc.property(
        list,
        fc.array(fc.nat(600), { maxLength: 10 }),
        fc.boolean(),
        ([before, found, after], cuts, spaced) => {
          const whole = { ...before, items: found, ...without(after, 'items') }
          const bytes = Buffer.from(JSON.stringify(whole, null, spaced ? 1 : 0))
          most = Math.max(most, found.length)
          expect(
            read(
              bytes,
              cuts.filter(cut => cut <= bytes.length),
            ),
          ).toEqual(readWhole(bytes))
        },
      ),
      { seed: 20261122, numRuns: 400 },
    )
    expect(most).toBe(5)
  })

  it('fails when it is cut, at every place', () => {
    for (let end = 0; end < PAGE.length - 1; end++) {
      expect(() => read(PAGE.subarray(0, end), [])).toThrow(KubeAnswerError)
    }
  })

  it('fails for what is no JSON, inside of an item and outside', () => {
    for (const text of [
      '[]',
      'null',
      '<html>',
      '{"items":[{"a":}]}',
      '{"items":[{"a":1}],}',
      '{"items":[{]}',
    ]) {
      expect(() => read(Buffer.from(text), []), text).toThrow(KubeAnswerError)
    }
  })
})

function without(object: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))
}
