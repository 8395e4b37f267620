import { describe, expect, test } from 'vitest'
import { layOut, wrap } from '../src/text-table.ts'

describe('a table', () => {
  const rows = [
    ['from', 'to', 'bytes'],
    ['shop/Deployment/client', 'shop/Deployment/server', '5 B'],
    ['a', 'b', '1.00 GiB'],
  ]

  test('has columns as wide as their widest cell, names flush left and numbers flush right', () => {
    expect(layOut(rows, { left: 2 })).toEqual([
      'from                    to                         bytes',
      'shop/Deployment/client  shop/Deployment/server       5 B',
      'a                       b                       1.00 GiB',
    ])
  })

  test('may end in a column that is flush left, whose lines have no blanks behind them', () => {
    expect(
      layOut(
        [
          ['1 B', 'why'],
          ['10 B', 'because'],
        ],
        { left: 0, last: 'left' },
      ),
    ).toEqual([' 1 B  why', '10 B  because'])
  })

  test('cuts names in the middle, the widest first, until it fits', () => {
    const fitted = layOut(rows, { left: 2, width: 40 })
    expect(fitted).toEqual([
      'from            to                 bytes',
      'shop/De…client  shop/De…server       5 B',
      'a               b               1.00 GiB',
    ])
    for (let width = 36; width < 60; width++) {
      expect(Math.max(...layOut(rows, { left: 2, width }).map(line => line.length))).toBe(Math.min(width, 56))
    }
  })

  test('may have names anywhere: those are flush left, and cut where they are the widest', () => {
    const mixed = [
      ['1 B', 'shop/Deployment/client', '10', 'x'],
      ['10 B', 'a', '2', 'yy'],
    ]
    const left = [false, true, false, true]
    expect(layOut(mixed, { left })).toEqual([
      ' 1 B  shop/Deployment/client  10  x',
      '10 B  a                        2  yy',
    ])
    expect(layOut(mixed, { left, width: 30 })).toEqual([
      ' 1 B  shop/Dep…/client  10  x',
      '10 B  a                  2  yy',
    ])
  })

  test('leaves twelve characters of a name, and numbers whole, however narrow the terminal', () => {
    expect(layOut(rows, { left: 2, width: 5 })[1]).toBe('shop/D…lient  shop/D…erver       5 B')
  })

  test('cuts between characters, never within one', () => {
    const [line] = layOut([['𝄞'.repeat(30), '1 B']], { left: 1, width: 20 })
    expect(line).toBe(`${'𝄞'.repeat(7)}…${'𝄞'.repeat(7)}  1 B`)
  })

  test('shows what would move the cursor or begin a new line as escapes, and counts them in the width', () => {
    const hostile = 'a\u001b[2Jb\u202ec\nd\te'
    expect(
      layOut(
        [
          [hostile, '1 B'],
          ['x', '2 B'],
        ],
        { left: 1 },
      ),
    ).toEqual([String.raw`a\u{1b}[2Jb\u{202e}c\u{a}d\u{9}e  1 B`, 'x                                 2 B'])
  })

  test('of no rows is no lines', () => {
    expect(layOut([], { left: 1, width: 80 })).toEqual([])
  })
})

describe('a paragraph', () => {
  test('is broken at spaces, and goes on behind the indent', () => {
    expect(wrap('one two three four', 9, '  ')).toEqual(['one two', '  three', '  four'])
    expect(wrap('one two', 7)).toEqual(['one two'])
    expect(wrap('', 7)).toEqual([''])
  })

  test('keeps the blanks at its begin, and words that are too long', () => {
    expect(wrap(' 1 %  because', 9, '  ')).toEqual([' 1 %', '  because'])
    expect(wrap('  unbreakable word', 5, '    ')).toEqual(['  unbreakable', '    word'])
    expect(wrap('unbreakable', 5, '    ')).toEqual(['unbreakable'])
  })
})
