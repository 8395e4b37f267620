// Files that claim what isn't so: refused by name, in little time and memory.

import { deflateRawSync, gzipSync, zstdCompressSync, crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openTable, TableError } from '../src/index.ts'
import {
  CODEC,
  craftedFile,
  ENCODING,
  i32,
  i64,
  varint,
  withFooter,
  type CraftedColumn,
  type CraftedPage,
  type ThriftField,
} from './crafted-file.ts'
import { fileOf, readTable } from './tables.ts'

const MIB = 1024 * 1024
const HEAD = new TextEncoder().encode('PAR1')

/** What reading column `c` of the file fails with. It takes no more than that much more memory, and little time. */
async function problemOf(bytes: Uint8Array, mostBytes = 300 * MIB): Promise<string> {
  const before = process.resourceUsage().maxRSS * 1024
  const began = process.cpuUsage()
  const failure = await readTable(fileOf(bytes), ['c']).then(
    () => 'read',
    (error: unknown) => {
      if (!(error instanceof TableError)) throw error
      return error.message
    },
  )
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(mostBytes)
  const { user, system } = process.cpuUsage(began)
  expect((user + system) / 1e6).toBeLessThan(20)
  return failure
}

function column(page: Partial<CraftedPage>, more: Partial<CraftedColumn> = {}): CraftedColumn {
  return { name: 'c', type: 2, pages: [{ body: new Uint8Array(8), values: 1, ...page }], ...more }
}

const PLACE = 'is a Parquet file that can\'t be read: column "c", row group 1: '
const DAMAGED = 'is a damaged Parquet file: '

test('a file made by hand is read where nothing is wrong with it', async () => {
  const texts = { name: 'c', type: 6, pages: [{ body: [2, 0, 0, 0, 104, 105], values: 1 }] }
  expect(await readTable(fileOf(craftedFile([texts], 1)), ['c'])).toEqual({ c: ['hi'] })
  const crc = {
    body: [7, 0, 0, 0, 0, 0, 0, 128],
    values: 1,
    crc: crc32(Buffer.from([7, 0, 0, 0, 0, 0, 0, 128])),
  }
  expect(await readTable(fileOf(craftedFile([column(crc)], 1)), ['c'])).toEqual({ c: [7n - 2n ** 63n] })
})

describe('a file that is none', () => {
  const none =
    'is no Parquet file, though its name ends in .parquet, or its end is missing: expected it to end in PAR1'
  test.each([
    ['nothing', new Uint8Array(0), 'is empty: not even a Parquet footer is in it'],
    ['text', Buffer.from('version account-id interface-id\n'), none],
    ['four bytes', HEAD, none],
    ['a beginning', Buffer.concat([HEAD, new Uint8Array(100)]), none],
    [
      'an encrypted one',
      Buffer.concat([HEAD, new Uint8Array(100), Buffer.from('PARE')]),
      'is an encrypted Parquet file, which is not read',
    ],
  ])('%s is refused', async (_what, bytes, message) => {
    expect(await problemOf(bytes)).toBe(message)
  })

  test('a file that is cut anywhere is refused', async () => {
    const bytes = craftedFile([column({})], 1)
    for (let length = 0; length < bytes.length; length++) {
      expect(await problemOf(bytes.subarray(0, length))).not.toBe('read')
    }
  })
})

const footer = (bytes: readonly number[] | Uint8Array) => withFooter(HEAD, Uint8Array.from(bytes))

const list = (type: number, size: number) => [9 | 0x20, 0xf0 | type, ...varint(size)]

function replaced(at: number): ThriftField[] {
  const meta: ThriftField[] = [
    [1, i32(2)],
    [3, { list: [{ text: 'c' }] }],
    [4, i32(0)],
    [5, i64(1)],
    [7, i64(20)],
    [9, i64(at)],
  ]
  return [
    [
      2,
      {
        list: [
          {
            fields: [
              [4, { text: 'root' }],
              [5, i32(1)],
            ],
          },
          {
            fields: [
              [1, i32(2)],
              [3, i32(0)],
              [4, { text: 'c' }],
            ],
          },
        ],
      },
    ],
    [3, i64(1)],
    [
      4,
      {
        list: [
          {
            fields: [
              [1, { list: [{ fields: [[3, { fields: meta }]] }] }],
              [3, i64(1)],
            ],
          },
        ],
      },
    ],
  ]
}

describe('a footer', () => {
  const bad = `${DAMAGED}its footer can't be read: `
  const claimed = (length: number) => {
    const bytes = withFooter(new Uint8Array(9 * MIB), [])
    new DataView(bytes.buffer).setUint32(bytes.length - 8, length, true)
    return bytes
  }

  test.each([
    ['of gigabytes', claimed(0xffffffff), `${DAMAGED}its footer claims 4294967295 bytes of ${9 * MIB + 9}`],
    [
      'of more than is read',
      claimed(8 * MIB + 1),
      `is a Parquet file whose footer has ${8 * MIB + 1} bytes, and up to ${8 * MIB} are read. Write it anew with larger row groups, or leave it out with --skip-bad-objects.`,
    ],
    ['of no bytes', footer([]), `${bad}it ends in the middle of a struct`],
    ['of zeros', footer(new Uint8Array(100)), `${DAMAGED}its footer can't be read`],
    [
      'with a list of 33 million items',
      footer([...list(12, 33_000_000), 0]),
      `${bad}a list claims 33000000 items in fewer bytes`,
    ],
    [
      'with lists in lists',
      footer(Array.from({ length: 50 }, () => list(9, 1_000_000)).flat()),
      `${bad}a list claims 1000000 items in fewer bytes`,
    ],
    [
      'with structs in structs',
      footer(new Uint8Array(MIB).fill(0x1c)),
      `${bad}its structs are nested more than 16 deep`,
    ],
    [
      'with an integer of a million bytes',
      footer([0x16, ...new Uint8Array(MIB).fill(0x80)]),
      `${bad}an integer has more than 10 bytes`,
    ],
    [
      'with a million empty structs',
      footer([...list(12, MIB), ...new Uint8Array(MIB + 1)]),
      `${bad}it has more than 250000 structs`,
    ],
    [
      'with a million fields',
      footer(new Uint8Array(MIB).fill(0x11)),
      `${bad}a struct has more than 64 fields`,
    ],
    [
      'with lists in lists in lists',
      footer(new Uint8Array(MIB).fill(0x29)),
      `${bad}its structs are nested more than 16 deep`,
    ],
    ['with a field of no type', footer([0x1d]), `${bad}a field has the type 13, which Parquet doesn't use`],
  ])('%s is refused', async (_what, bytes, message) => {
    expect(await problemOf(bytes)).toBe(message)
  })

  test('with minima that would take hours to compare is refused', async () => {
    const statistics: ThriftField = [12, { fields: [[1, { text: new Uint8Array(8192).fill(1) }]] }]
    const meta: ThriftField[] = [[1, i32(7)], [3, { list: [{ text: 'c' }] }], statistics]
    const bytes = withFooter(HEAD, [
      [
        2,
        {
          list: [
            {
              fields: [
                [4, { text: 'root' }],
                [5, i32(1)],
              ],
            },
            {
              fields: [
                [1, i32(7)],
                [2, i32(8192)],
                [3, i32(0)],
                [4, { text: 'c' }],
                [6, i32(5)],
              ],
            },
          ],
        },
      ],
      [3, i64(0)],
      [
        4,
        {
          list: [
            {
              fields: [
                [1, { list: [{ fields: [[3, { fields: meta }]] }] }],
                [3, i64(0)],
              ],
            },
          ],
        },
      ],
    ])
    expect(await problemOf(bytes)).toBe(`${bad}a column's minimum or maximum has 8192 bytes, more than 4096`)
  })

  test.each([
    [
      'more rows than bytes can hold',
      craftedFile([column({}, { optional: true })], 2 ** 40),
      /^is a damaged Parquet file: it claims 1099511627776 rows in \d+ bytes, which no flow log packs so densely$/,
    ],
    [
      'a codec that is not read',
      craftedFile([column({}, { codec: 5 })], 1),
      /^is a Parquet file packed with "LZ4"; read are UNCOMPRESSED, SNAPPY, GZIP, BROTLI, ZSTD\. Write it anew/,
    ],
    [
      'a codec that there is not',
      craftedFile([column({}, { codec: 77 })], 1),
      /^is a Parquet file packed with undefined;/,
    ],
  ])('that claims %s is refused', async (_what, bytes, message) => {
    expect(await problemOf(bytes)).toMatch(message)
  })

  test('that claims bytes of a large column a hundred times is refused', async () => {
    const large = column({ body: new Uint8Array(80_000), values: 10_000 })
    const message = /^is a damaged Parquet file: its columns claim 80\d+ bytes of \d+$/
    expect(await problemOf(craftedFile([large], 10_000, { groups: 100 }))).toMatch(message)
  })

  test.each([-1, 0, 3, 1e6, 2 ** 53])('that puts a column at byte %d is refused', async at => {
    const bytes = craftedFile([column({})], 1)
    const footerAt = bytes.length - 8 - new DataView(bytes.buffer).getUint32(bytes.length - 8, true)
    const offset = withFooter(bytes.subarray(0, footerAt), replaced(at))
    expect(await problemOf(offset)).toMatch(
      /^is a damaged Parquet file: row group 1, column "c" claims the bytes from \S+ to \S+ of \d+$/,
    )
  })
})

const prefixed = (levels: readonly number[]) => [levels.length, 0, 0, 0, ...levels]

describe('a page', () => {
  const zeros = new Uint8Array(256 * MIB)
  const nulls = [...varint(2 ** 30 * 2), 0]
  const many = Array.from({ length: 40 }, () => column({}).pages[0]!)

  const cases: readonly (readonly [string, CraftedColumn, number, string])[] = [
    [
      'with more rows than the row group',
      column({ values: 2 ** 31 - 1, body: prefixed(nulls) }, { optional: true }),
      5,
      'a page has 2147483647 rows where 5 are left',
    ],
    ['with fewer rows', column({}), 2, 'its pages end 1 rows early'],
    [
      'with a body that is not there',
      column({ packedSize: 1_000_000 }),
      1,
      'a page claims 1000000 bytes where',
    ],
    [
      'with a checksum of others',
      column({ crc: 1 }),
      1,
      "a page is damaged: its bytes aren't those of its checksum",
    ],
    [
      'of gzip that unpacks to more than it says',
      column({ body: gzipSync(zeros), size: 8 }, { codec: CODEC.GZIP }),
      1,
      'a page is damaged: it is no GZIP data of 8 bytes (Cannot create a Buffer larger than 8 bytes)',
    ],
    [
      'of zstd that unpacks to more than it says',
      column({ body: zstdCompressSync(zeros), size: 8 }, { codec: CODEC.ZSTD }),
      1,
      'a page is damaged: it is no ZSTD data of 8 bytes (Cannot create a Buffer larger than 8 bytes)',
    ],
    [
      'of gzip that unpacks to less',
      column({ body: gzipSync(new Uint8Array(8)), size: 9 }, { codec: CODEC.GZIP }),
      1,
      'a page unpacks to 8 bytes, and its header says 9',
    ],
    [
      'of no gzip',
      column({ body: deflateRawSync(new Uint8Array(8)), size: 8 }, { codec: CODEC.GZIP }),
      1,
      'a page is damaged: it is no GZIP data of 8 bytes (incorrect header check)',
    ],
    [
      'of no Snappy',
      column({ body: [8, 0xf0], size: 8 }, { codec: CODEC.SNAPPY }),
      1,
      'a page is damaged: it is no SNAPPY data of 8 bytes (it ends early or goes back too far)',
    ],
    ['of too few integers', column({ values: 2 }), 2, 'a page ends before its values do'],
    [
      'of a text that goes on behind it',
      column({ body: [255, 255, 255, 255, 1] }, { type: 6 }),
      1,
      'a page ends before its values do',
    ],
    [
      'of codes without a dictionary',
      column({ body: [1, 2, 0], encoding: ENCODING.RLE_DICTIONARY }),
      1,
      'a page refers to a dictionary, and there is none before it',
    ],
    [
      'of levels behind its end',
      column({ body: [100, 0, 0, 0, 2, 1] }, { optional: true }),
      1,
      'a page ends before its levels do',
    ],
    [
      'of levels that end early',
      column({ body: prefixed([2, 1]), values: 3 }, { optional: true }),
      3,
      'its codes end before its values do',
    ],
    [
      'of levels above 1',
      column({ body: prefixed([2, 2]) }, { optional: true }),
      1,
      'a row has the level 2 in a column of level 1',
    ],
    [
      'in an unknown encoding',
      column({ encoding: 99 }),
      1,
      "a page is written in the encoding number 99, which isn't read for this type",
    ],
    [
      'of differences in a block of any size',
      column({ body: [...varint(2 ** 31), 1, 1, 0], encoding: ENCODING.DELTA_BINARY_PACKED }),
      1,
      'its blocks have 2147483648 values in 1 parts',
    ],
    [
      'of more differences than rows',
      column({ body: [...varint(1024), 4, ...varint(2 ** 40), 0], encoding: ENCODING.DELTA_BINARY_PACKED }),
      1,
      'it has 1099511627776 values where 1 belong',
    ],
    [
      'of a dictionary of more than its bytes',
      { ...column({}), pages: [{ body: new Uint8Array(8), values: 2 ** 31 - 1, dictionary: true }, ...many] },
      40,
      'a page ends before its values do',
    ],
    [
      'of a dictionary after values',
      { ...column({}), pages: [...many, { body: new Uint8Array(8), values: 1, dictionary: true }] },
      41,
      'a dictionary stands behind other pages',
    ],
    [
      'of codes beyond its dictionary',
      {
        ...column({}),
        pages: [
          { body: new Uint8Array(8), values: 1, dictionary: true },
          { body: [1, 2, 1], values: 1, encoding: ENCODING.RLE_DICTIONARY },
        ],
      },
      1,
      'a page refers to place 1 of a dictionary of 1',
    ],
  ]
  test.each(cases)('%s is refused', async (_what, crafted, rows, message) => {
    const got = await problemOf(craftedFile([crafted], rows))
    expect(got.slice(0, PLACE.length + message.length)).toBe(PLACE + message)
  })

  test('that would unpack to gigabytes is refused before it is', async () => {
    const page = column({ body: gzipSync(zeros), size: 2 ** 31 - 1 }, { codec: CODEC.GZIP })
    const message = /^is a Parquet file whose pages are too large: .* more than 128 MiB\. Write it anew/
    expect(await problemOf(craftedFile([page], 1))).toMatch(message)
  })

  test('that unpacks a thousandfold is refused, once the file has had its share', async () => {
    const page = { body: zstdCompressSync(zeros.subarray(0, 64 * MIB)), size: 64 * MIB, values: 1 }
    const pages = Array.from({ length: 400 }, () => page)
    const got = await problemOf(craftedFile([{ name: 'c', type: 2, codec: CODEC.ZSTD, pages }], 400))
    expect(got).toMatch(/^is a Parquet file that unpacks to more than \d+ bytes, which no flow log does$/)
  })

  test('of texts that each hold all before them is refused before they are made', async () => {
    const count = 60_000
    const lengths = (delta: number, first: number) => [
      ...varint(1 << 20),
      1,
      ...varint(count),
      ...varint(first * 2),
      ...varint(delta * 2),
      0,
    ]
    const body = [...lengths(1, 0), ...lengths(0, 1), ...new Uint8Array(count).fill(65)]
    const page = { body, values: count, encoding: ENCODING.DELTA_BYTE_ARRAY }
    const got = await problemOf(craftedFile([{ name: 'c', type: 6, pages: [page] }], count))
    expect(got).toMatch(/^is a Parquet file whose pages are too large/)
  })

  test('of a billion nulls in seven bytes is a run, and no array', async () => {
    const rows = 100_000
    const page = { body: prefixed([...varint(2 ** 30 * 2), 0]), values: rows }
    const bytes = craftedFile([{ name: 'c', type: 6, optional: true, pages: [page] }], rows)
    const { c } = await readTable(fileOf(bytes), ['c'])
    expect(c!.length).toBe(rows)
    expect(new Set(c)).toEqual(new Set([null]))
  })
})

const schema = (elements: readonly (readonly ThriftField[])[]) =>
  withFooter(HEAD, [
    [2, { list: elements.map(fields => ({ fields })) }],
    [3, i64(0)],
    [4, { list: [] }],
  ])

const root = (children: number): ThriftField[] => [
  [4, { text: 'root' }],
  [5, i32(children)],
]

const problem = async (bytes: Uint8Array) =>
  await openTable(fileOf(bytes)).then(
    () => 'opened',
    (error: Error) => error.message,
  )

test('a schema that is no tree of flat columns is refused or named', async () => {
  const leaf: ThriftField[] = [
    [1, i32(2)],
    [3, i32(0)],
    [4, { text: 'c' }],
  ]
  expect(await problem(schema([root(1), leaf]))).toBe('opened')
  expect(await problem(schema([root(2), leaf]))).toBe(`${DAMAGED}its schema ends early`)
  expect(await problem(schema([root(2 ** 31 - 1), leaf]))).toBe(`${DAMAGED}its schema ends early`)
  expect(await problem(schema([root(0), leaf]))).toBe(`${DAMAGED}1 of its schema's elements belong nowhere`)
  expect(await problem(schema([root(-5), leaf]))).toBe(
    `${DAMAGED}its schema has "-5" for a number of columns`,
  )
  expect(await problem(schema([]))).toMatch(`${DAMAGED}its schema has nothing for a number of columns`)
  expect(
    await problem(
      schema([
        root(1),
        [
          [1, i32(2)],
          [4, { text: 'c' }],
        ],
      ]),
    ),
  ).toBe(`${DAMAGED}column "c" doesn't say whether it has nulls`)
  expect(await problem(schema([root(1), leaf.slice(0, 2)]))).toBe(`${DAMAGED}its schema ends early`)
})
