import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable, printableJson } from '../src/index.ts'

test('ordinary text of any language stays as it is, line feeds too', () => {
  for (const text of ['', 'shop/cart-7d9f', 'zwölf · Ωmega · 日本語 · שלום · 👍 · 𝄞', 'one\ntwo\n', '…—’']) {
    expect(printable(text)).toBe(text)
  }
})

test.each([
  ['C0: an escape sequence', '\u001b[31mred', String.raw`\u{1b}[31mred`],
  ['C0: a carriage return, which would write over the line', 'a\rb', String.raw`a\u{d}b`],
  ['C0: a tab, a backspace, a bell', '\t\b\u0007', String.raw`\u{9}\u{8}\u{7}`],
  ['C0: a NUL', '\u0000', String.raw`\u{0}`],
  ['delete', '\u007f', String.raw`\u{7f}`],
  ['C1: the one-character CSI', '\u009b31m', String.raw`\u{9b}31m`],
  ['C1: next line', '\u0085', String.raw`\u{85}`],
  ['a bidirectional override', 'a\u202eb', String.raw`a\u{202e}b`],
  [
    'bidirectional isolates and marks',
    '\u2066\u2069\u200e\u061c',
    String.raw`\u{2066}\u{2069}\u{200e}\u{61c}`,
  ],
  ['line and paragraph separators', '\u2028\u2029', String.raw`\u{2028}\u{2029}`],
  ['zero-width characters and a byte order mark', '\u200b\u200d\ufeff', String.raw`\u{200b}\u{200d}\u{feff}`],
  ['half a surrogate pair', 'a\ud834', String.raw`a\u{d834}`],
  ['tags, beyond the basic plane', '\u{e0041}', String.raw`\u{e0041}`],
  ['private use and unassigned', '\ue000\u0378', String.raw`\u{e000}\u{378}`],
])('%s is shown as an escape', (_what, text, shown) => {
  expect(printable(text)).toBe(shown)
})

// Control characters, and those that reorder or break lines.
// oxlint-disable-next-line no-control-regex -- these are what must not come out
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/

// Any character, and each of those often: by chance alone they hardly come.
const UNIT = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.integer({ min: 0, max: 0x2100 }).map(code => String.fromCodePoint(code)),
  fc.constantFrom('\u001b', '\r', '\u009b', '\u200e', '\u2028', '\u2029', '\u202e', '\u2066', 'a', '\n'),
)

test('whatever goes in, nothing comes out that a terminal obeys, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: UNIT, maxLength: 40 }), text => {
      const shown = printable(text)
      expect(shown).not.toMatch(OBEYED)
      const back = shown.replaceAll(/\\u\{([0-9a-f]+)\}/g, (_all, hex: string) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      )
      if (!text.includes(String.raw`\u{`)) expect(back).toBe(text)
    }),
    { seed: 20240501, numRuns: 500 },
  )
})

test('JSON comes out with nothing that a terminal obeys, and is the same value', () => {
  const value = fc.dictionary(fc.string({ unit: UNIT }), fc.string({ unit: UNIT, maxLength: 40 }))
  fc.assert(
    fc.property(value, members => {
      const shown = printableJson(JSON.stringify(members))
      expect(shown).not.toMatch(OBEYED)
      expect(JSON.parse(shown)).toEqual(members)
    }),
    { seed: 20240501, numRuns: 500 },
  )
})
