/** JSON with one value replaced by a hostile one: text that is JSON to the last byte and yet not what it should be. */
import * as fc from 'fast-check'
import { PLACE } from './changes.ts'

export interface Replacement {
  /** Which value, as a share of all there are. */
  readonly place: number
  readonly value: string
}

/** Deeper than a recursion goes. */
const DEEP = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
const DEEP_OBJECT = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`

const VALUES = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '1e15',
  '9007199254740992',
  '9007199254740993',
  '"9007199254740993"',
  '"99999999999999999999999999999999999999"',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"../../etc"',
  '"__proto__"',
  '"2024-02-30T00:00:00Z"',
  '"+275760-09-13T00:00:00Z"',
  '"0.0.0.0/0"',
  '"::/0"',
  '"10.0.0.1/33"',
  `"${'x'.repeat(100_000)}"`,
  '[]',
  '{}',
  '[null]',
  '{"__proto__":{"length":1}}',
  '{"toString":1,"constructor":null}',
  '["10.0.0.1","10.0.0.1","2600::1"]',
  DEEP,
  DEEP_OBJECT,
]

export const REPLACEMENTS: fc.Arbitrary<readonly Replacement[]> = fc.array(
  fc.record({
    place: PLACE,
    value: fc.oneof(fc.constantFrom(...VALUES), fc.json({ maxDepth: 3 })),
  }),
  { minLength: 0, maxLength: 3 },
)

/** The JSON text with values replaced; the text itself where it isn't JSON. */
export function replaced(text: string, list: readonly Replacement[]): string {
  let result = text
  for (const { place, value } of list) {
    const spots = valuesIn(result)
    if (spots.length === 0) return result
    const [from, to] = spots[Math.min(spots.length - 1, Math.floor(place * spots.length))]!
    result = `${result.slice(0, from)}${value}${result.slice(to)}`
  }
  return result
}

// Where scalars, and empty lists and objects, stand: as good as all values, and no parser is needed.
function valuesIn(text: string): [number, number][] {
  const spots: [number, number][] = []
  for (const match of text.matchAll(
    /(?<=[[,:])(?:"(?:[^"\\]|\\.)*"(?!:)|-?\d[\d.eE+-]*|true|false|null|\[\]|\{\})/g,
  )) {
    spots.push([match.index, match.index + match[0].length])
  }
  return spots
}
