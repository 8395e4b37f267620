// Results as text: widths, units, quoting, and names that mean something to a terminal, to Markdown or to CSV.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellOf, compactJson, tableOf, type PeopleTable } from '../src/people-table.ts'
import type { Plain, ResultColumn, ResultRow } from '../src/plain-value.ts'
import { csvText, jsonText, markdownText, tableText } from '../src/result-text.ts'

const NAMES: ResultColumn = { name: 'name', kind: 'text' }
const BYTES: ResultColumn = { name: 'bytes', kind: 'number' }

async function* inParts(rows: readonly ResultRow[]): AsyncGenerator<readonly ResultRow[]> {
  for (const row of rows) yield [row]
}

async function joined(parts: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const part of parts) text += part
  return text
}

const csv = (columns: readonly ResultColumn[], rows: readonly ResultRow[], onTerminal = false) =>
  joined(csvText(columns, inParts(rows), onTerminal))
const json = (columns: readonly ResultColumn[], rows: readonly ResultRow[]) =>
  joined(jsonText(columns, inParts(rows)))

describe('a cell', () => {
  test.each([
    ['bytes', 1_288_490_189n, '1.20 GiB'],
    ['cross_zone_bytes', 340, '340 B'],
    ['usd', 3.4, '$3.40'],
    ['saved_usd', 0, '$0.00'],
    ['records', 1_234_567n, '1,234,567'],
    ['rows', 1000, '1,000'],
    ['cross_zone_share', 0.1234, '12.3 %'],
    ['sum(bytes)', 1_288_490_189n, '1288490189'],
    ['megabytes', 1024, '1024'],
    ['bytes', -5n, '-5'],
    ['bytes', 'text', 'text'],
    ['year', 2024, '2024'],
    ['any', null, '-'],
    ['any', true, 'true'],
    ['any', [1n, null, { a: 'b' }], '[1,null,{"a":"b"}]'],
  ] as const)('%s of %s is %s', (name, value, cell) => {
    expect(cellOf(name, value as Plain)).toBe(cell)
  })
})

function table(rows: readonly ResultRow[]): PeopleTable {
  return tableOf([NAMES, { name: 'other', kind: 'text' }, BYTES], rows)
}

describe('a table', () => {
  const rows: ResultRow[] = [
    ['team-1/Deployment/a-service-of-a-long-name', 'x'.repeat(40), 2048n],
    ['b', 'y', 7n],
  ]

  test('is as wide as what is in it where nothing bounds it', () => {
    expect(
      tableText(table(rows), undefined)
        .split('\n')
        .map(line => line.length),
    ).toEqual([94, 94, 94, 0])
  })

  test.each([94, 80, 60, 40])('fits %i columns, numbers whole', width => {
    const lines = tableText(table(rows), width).trimEnd().split('\n')
    expect(Math.max(...lines.map(line => line.length))).toBe(width)
    expect(lines).toHaveLength(3)
    expect(lines[1]).toMatch(/2\.00 KiB$/)
  })

  test('has a line a value where even cut names do not fit, and that fits too', () => {
    expect(tableText(table(rows), 30)).toBe(
      [
        'row 1',
        '  name   team-1/Dep…-long-name',
        '  other  xxxxxxxxxx…xxxxxxxxxx',
        '  bytes  2.00 KiB',
        'row 2',
        '  name   b',
        '  other  y',
        '  bytes  7 B',
        '',
      ].join('\n'),
    )
    for (let width = 1; width < 45; width++) {
      const lines = tableText(table(rows), width).split('\n')
      expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(width)
    }
  })

  test('leaves its bars out before it cuts a name', () => {
    const barred: PeopleTable = {
      columns: [
        { heading: 'hour', kind: 'name' },
        { heading: 'bytes', kind: 'number' },
        { heading: '', kind: 'bar' },
      ],
      rows: [['2024-05-01T10', '1 B', '█'.repeat(20)]],
    }
    expect(tableText(barred, 42)).toContain('██')
    expect(tableText(barred, 25)).toBe('hour           bytes\n2024-05-01T10    1 B\n')
  })

  test('of no rows is its headings', () => {
    expect(tableText(table([]), 80)).toBe('name  other  bytes\n')
  })

  test('shows what a terminal would obey', () => {
    const text = tableText(tableOf([NAMES], [['\u001b[2Ja\u202e\u0007\nb']]), 80)
    expect(text).toBe(`name\n${String.raw`\u{1b}[2Ja\u{202e}\u{7}\u{a}b`}\n`)
  })
})

describe('Markdown', () => {
  test('has its numbers flush right, and escapes what it would take for its own', () => {
    const name = '|a|*b*_c_`d`[e](f)<script>\\&amp;~#$\n\u001b[1m'
    expect(markdownText(tableOf([NAMES, BYTES], [[name, 1024n]]))).toBe(
      [
        '| name | bytes |',
        '| --- | --: |',
        String.raw`| \|a\|\*b\*\_c\_` +
          '\\`d\\`' +
          String.raw`\[e\](f)&lt;script\>\\\&amp;\~\#\$\\u{a}\\u{1b}\[1m | 1.00 KiB |`,
        '',
      ].join('\n'),
    )
  })
})

// The rules of RFC 4180, with LF, character by character.
function parseCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [[]]
  let at = 0
  while (at < text.length) {
    let cell: string | null = null
    if (text[at] === '"') {
      cell = ''
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++
        cell += text[at]
      }
      at++
    } else {
      const start = at
      while (at < text.length && text[at] !== ',' && text[at] !== '\n') at++
      if (at > start) cell = text.slice(start, at)
    }
    rows.at(-1)?.push(cell)
    if (text[at++] === '\n') rows.push([])
    else if (at === text.length || text[at] === '\n') {
      rows.at(-1)?.push(null)
      at++
      rows.push([])
    }
  }
  return rows.slice(0, -1)
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }).filter(each => each.isWellFormed()),
  fc.constantFrom(
    '',
    '"',
    ',',
    '\n',
    '\r',
    ' a',
    'a ',
    '""',
    '=1+1',
    '\u001b[2J',
    '\u2028',
    '\u0085',
    '\u{e0001}',
    '__proto__',
  ),
)

describe('CSV', () => {
  test('gives back every text and null, by the rules of RFC 4180', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.option(anyText), anyText, fc.constant('end')), { maxLength: 5 }),
        async rows => {
          const columns = ['a', 'b', 'c'].map(name => ({ name, kind: 'text' as const }))
          expect(parseCsv(await csv(columns, rows))).toEqual([['a', 'b', 'c'], ...rows])
        },
      ),
      { seed: 4, numRuns: 300 },
    )
  })

  test('has raw numbers, exact', async () => {
    const row = [2n ** 60n + 1n, 0.1, 'a']
    expect(await csv([BYTES, { name: 'usd', kind: 'number' }, NAMES], [row])).toBe(
      'bytes,usd,name\n1152921504606846977,0.1,a\n',
    )
  })

  test('quotes what other readers would cut or trim', async () => {
    const rows = ['a\rb', ' a', 'a\t', '', 'a b'].map(text => [text])
    expect(await csv([NAMES], rows)).toBe('name\n"a\rb"\n" a"\n"a\t"\n""\na b\n')
  })

  test('is left as it is but for a terminal', async () => {
    expect(await csv([NAMES], [['\u001b[2J']])).toBe('name\n\u001b[2J\n')
    expect(await csv([NAMES], [['\u001b[2J']], true)).toBe(`name\n${String.raw`\u{1b}[2J`}\n`)
  })
})

describe('JSON', () => {
  test('gives back every text, whatever a terminal would have made of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.option(anyText), anyText), { maxLength: 5 }), async rows => {
        const columns = ['a', 'b'].map(name => ({ name, kind: 'text' as const }))
        const text = await json(columns, rows)
        expect(JSON.parse(text)).toEqual(rows.map(([a, b]) => ({ a, b })))
        expect(text).toMatch(/^(?:\n|[^\p{Cc}\p{Cf}\u2028\u2029])*$/u)
      }),
      { seed: 4, numRuns: 300 },
    )
  })

  test.each([
    [2n ** 53n, '9007199254740992'],
    [2n ** 53n + 1n, '"9007199254740993"'],
    [-(2n ** 53n), '-9007199254740992'],
    [-(2n ** 53n) - 1n, '"-9007199254740993"'],
    [Number.NaN, 'null'],
    [Infinity, 'null'],
    [0.1, '0.1'],
  ])('has %s as %s', (value, text) => {
    expect(compactJson(value)).toBe(text)
  })

  test('of no rows is an empty list, of some a line a row', async () => {
    expect(await json([NAMES], [])).toBe('[]\n')
    expect(
      await json(
        [NAMES, BYTES],
        [
          ['a', 1n],
          ['b', 2n],
        ],
      ),
    ).toBe('[\n{"name":"a","bytes":1},\n{"name":"b","bytes":2}\n]\n')
  })

  test('tells columns of one name apart', async () => {
    const columns = ['a', 'a', 'a_1', 'a'].map(name => ({ name, kind: 'number' as const }))
    expect(JSON.parse(await json(columns, [[1, 2, 3, 4]]))).toEqual([{ a: 1, a_1: 2, a_1_1: 3, a_2: 4 }])
  })
})
