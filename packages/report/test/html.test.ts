import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { html, lines, ownMarkup } from '../src/html.ts'
import { cut, visible } from '../src/visible-text.ts'

const SEED = 7
// Texts that try to leave their place, and any other.
const hostile = fc.oneof(
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    '</title>',
    '&lt;',
    '<!--',
  ),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
)

test('a text stays where it is put, in an element and in an attribute', () => {
  fc.assert(
    fc.property(hostile, text => {
      const page = html`<p title="${text}">${text}</p>`.text
      const parts = /^<p title="([^<>"']*)">([^<>"']*)<\/p>$/.exec(page)
      expect(parts).not.toBeNull()
      expect(unescaped(parts![1]!)).toBe(visible(text))
      expect(unescaped(parts![2]!)).toBe(visible(text))
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

test('a template in a template goes in as it is, lists too, and nothing for null', () => {
  const rows = ['a', '<b>'].map(text => html`<li>${text}</li>`)
  expect(
    html`<ul>
      ${rows}${null}${7}${ownMarkup('<hr>')}
    </ul>`.text,
  ).toBe('<ul>\n<li>a</li><li>&lt;b&gt;</li>7<hr>\n</ul>')
})

test('line breaks and indents of the source are one line feed, and those in lines() stay', () => {
  const page = html`<div>
    <b>x</b>
  </div>`.text
  expect(page).toBe('<div>\n<b>x</b>\n</div>')
  expect(lines(['a:', '  b <c>']).text).toBe('a:\n  b &lt;c&gt;\n')
})

describe('what can not be seen is shown', () => {
  test.each([
    ['an escape sequence', 'a\u001b[31mb', String.raw`a\u{1b}[31mb`],
    ['a bidirectional override', 'user\u202egnp.exe', String.raw`user\u{202e}gnp.exe`],
    ['a zero-width space', 'a\u200bb', String.raw`a\u{200b}b`],
    ['a line feed', 'a\nb', String.raw`a\u{a}b`],
    ['an unpaired surrogate', 'a\ud800b', String.raw`a\u{d800}b`],
    ['a space that is none', 'a\u00a0b', String.raw`a\u{a0}b`],
    ['a filler', 'a\u3164b', String.raw`a\u{3164}b`],
    ['marks upon marks', `e${'\u0301'.repeat(5)}`, `e\u0301\u0301\u0301${String.raw`\u{301}\u{301}`}`],
  ])('%s', (_what, text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test.each(['shop/Deployment/cart', 'متجر', 'Größe', '日本語', 'né', '🦊 fox'])(
    'and %s is left alone',
    text => {
      expect(visible(text)).toBe(text)
    },
  )

  test('showing twice is showing once', () => {
    fc.assert(
      fc.property(hostile, text => {
        expect(visible(visible(text))).toBe(visible(text))
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

test('a long text is cut at a character, never in one', () => {
  expect(cut('abc', 3)).toBe('abc')
  expect(cut('abcd', 3)).toBe('ab…')
  expect(cut('🦊🦊🦊', 3)).toBe('🦊🦊🦊')
  expect(cut('🦊🦊🦊🦊', 3)).toBe('🦊🦊…')
  expect(cut('x'.repeat(1e7), 64)).toHaveLength(64)
})
