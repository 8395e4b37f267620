// Parquet files made by hand, to say what no writer would: any field of a footer or page header, any bytes of a page.
// Field ids are those of parquet-format/src/main/thrift/parquet.thrift.

export type ThriftField = readonly [id: number, value: ThriftValue]
export type ThriftValue =
  | { readonly i32: number }
  | { readonly i64: bigint }
  | { readonly text: string | Uint8Array }
  | { readonly flag: boolean }
  | { readonly list: readonly ThriftValue[] }
  | { readonly fields: readonly ThriftField[] }

/** Integers of 32 bits, in short. */
export const i32 = (value: number): ThriftValue => ({ i32: value })
export const i64 = (value: number): ThriftValue => ({ i64: BigInt(value) })

export function varint(value: bigint | number): number[] {
  const bytes: number[] = []
  let left = BigInt(value)
  while (left > 127n) {
    bytes.push(Number(left & 127n) | 128)
    left >>= 7n
  }
  return [...bytes, Number(left)]
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -value * 2n - 1n : value * 2n
}

function typeOf(value: ThriftValue): number {
  if ('i32' in value) return 5
  if ('i64' in value) return 6
  if ('text' in value) return 8
  if ('list' in value) return 9
  if ('fields' in value) return 12
  return value.flag ? 1 : 2
}

/** A struct in Thrift's compact protocol. */
export function structBytes(fields: readonly ThriftField[]): number[] {
  const bytes: number[] = []
  for (const [id, value] of fields)
    bytes.push(typeOf(value), ...varint(zigzag(BigInt(id))), ...valueBytes(value))
  return [...bytes, 0]
}

function valueBytes(value: ThriftValue): number[] {
  if ('i32' in value) return varint(zigzag(BigInt(value.i32)))
  if ('i64' in value) return varint(zigzag(value.i64))
  if ('text' in value) {
    const text = typeof value.text === 'string' ? new TextEncoder().encode(value.text) : value.text
    return [...varint(text.length), ...text]
  }
  if ('list' in value) {
    const { list } = value
    const type = list.length > 0 ? typeOf(list[0]!) : 12
    return [0xf0 | type, ...varint(list.length), ...list.flatMap(item => valueBytes(item))]
  }
  return 'fields' in value ? structBytes(value.fields) : []
}

export const ENCODING = { PLAIN: 0, DELTA_BINARY_PACKED: 5, DELTA_BYTE_ARRAY: 7, RLE_DICTIONARY: 8 } as const
export const CODEC = { UNCOMPRESSED: 0, SNAPPY: 1, GZIP: 2, ZSTD: 6 } as const

export interface CraftedPage {
  readonly body: Uint8Array | readonly number[]
  readonly values: number
  readonly encoding?: number
  readonly dictionary?: boolean
  /** Of the bytes unpacked; the body's own where it isn't given. */
  readonly size?: number
  readonly packedSize?: number
  readonly crc?: number
}

export function pageBytes(page: CraftedPage): Uint8Array {
  const { values, encoding = ENCODING.PLAIN, dictionary = false } = page
  const body = Uint8Array.from(page.body)
  const details: ThriftField[] = dictionary
    ? [
        [1, i32(values)],
        [2, i32(encoding)],
      ]
    : [
        [1, i32(values)],
        [2, i32(encoding)],
        [3, i32(3)],
        [4, i32(3)],
      ]
  const header: ThriftField[] = [
    [1, i32(dictionary ? 2 : 0)],
    [2, i32(page.size ?? body.length)],
    [3, i32(page.packedSize ?? body.length)],
    ...(page.crc === undefined ? [] : ([[4, i32(page.crc | 0)]] as ThriftField[])),
    [dictionary ? 7 : 5, { fields: details }],
  ]
  return Buffer.concat([Uint8Array.from(structBytes(header)), body])
}

export interface CraftedColumn {
  readonly name: string
  /** 1 INT32, 2 INT64, 6 BYTE_ARRAY. */
  readonly type: number
  readonly optional?: boolean
  readonly codec?: number
  readonly pages: readonly CraftedPage[]
}

/** A file of one row group with these columns; `groups` says how often the footer names it. */
export function craftedFile(
  columns: readonly CraftedColumn[],
  rows: number,
  options: { readonly groups?: number } = {},
): Uint8Array {
  const parts: Uint8Array[] = [new TextEncoder().encode('PAR1')]
  let at = 4
  const chunks = columns.map(({ name, type, codec = 0, pages }): ThriftValue => {
    const from = at
    for (const page of pages) {
      const bytes = pageBytes(page)
      parts.push(bytes)
      at += bytes.length
    }
    const meta: ThriftField[] = [
      [1, i32(type)],
      [2, { list: [i32(0)] }],
      [3, { list: [{ text: name }] }],
      [4, i32(codec)],
      [5, i64(rows)],
      [6, i64(at - from)],
      [7, i64(at - from)],
      [9, i64(from)],
    ]
    return {
      fields: [
        [2, i64(from)],
        [3, { fields: meta }],
      ],
    }
  })
  const groups = options.groups ?? 1
  const group: ThriftValue = {
    fields: [
      [1, { list: chunks }],
      [2, i64(at)],
      [3, i64(rows)],
    ],
  }
  const schema = columns.map(({ name, type, optional = false }): ThriftValue => ({
    fields: [
      [1, i32(type)],
      [3, i32(optional ? 1 : 0)],
      [4, { text: name }],
    ],
  }))
  const root: ThriftValue = {
    fields: [
      [4, { text: 'root' }],
      [5, i32(columns.length)],
    ],
  }
  return withFooter(Buffer.concat(parts), [
    [1, i32(1)],
    [2, { list: [root, ...schema] }],
    [3, i64(rows * groups)],
    [4, { list: Array.from({ length: groups }, () => group) }],
  ])
}

/** The pages with a footer behind them, of these fields or these bytes. */
export function withFooter(pages: Uint8Array, footer: readonly ThriftField[] | Uint8Array): Uint8Array {
  const bytes = footer instanceof Uint8Array ? footer : Uint8Array.from(structBytes(footer))
  const end = Buffer.from('....PAR1')
  end.writeUInt32LE(bytes.length)
  return new Uint8Array(Buffer.concat([pages, bytes, end]))
}
