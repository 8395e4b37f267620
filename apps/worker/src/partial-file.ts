// A shard's partial: the totals of its share of an hour's objects, as one file beside the rollup.
//
//   8 bytes     'ztpart1\n'
//   4 bytes     length of the header, little-endian
//   header      JSON: which hour, which shard, of what, and how many rows follow (partial-header.ts); spaces to a multiple of 8
//   32 bytes    SHA-256 of all before: the header can be believed before the columns are read
//   columns     Float64, little-endian: sums of accounts, of pairs, of zone pairs, as totals tables have them
//   32 bytes    SHA-256 of all before
//
// Endpoints and zones are ids of the timeline that the header's digest names. A table is four doubles a row: records,
// bytes, packets, and two Int32 keys; what a double can't hold exactly stands in the header.

import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { ACCOUNTS } from '@zonetoll/model'
import type { HourColumns } from '@zonetoll/rollup'
import { PartialError } from './partial-error.ts'
import { formatHeader, parseHeader, type PartialHeader, type WideSums } from './partial-header.ts'
import type { Shard } from './shard.ts'

const MAGIC = new TextEncoder().encode('ztpart1\n')
const HEADER_AT = MAGIC.length + 4
const DIGEST_BYTES = 32
const STRIDE = 4
const ROW_BYTES = STRIDE * 8
const MOST_HEADER_BYTES = 256 * 1024 * 1024

/** Rows of the table of accounts: the accounts, what was read, what was handed over. */
const ACCOUNT_ROWS = ACCOUNTS.length + 2

const NAME = /^_partial-(0|[1-9]\d{0,4})-of-([1-9]\d{0,4})\.bin$/

/** The name of a shard's partial in its hour's folder. */
export function partialName({ index, count }: Shard): string {
  return `_partial-${index}-of-${count}.bin`
}

/** The shard that a name means, null for a name that no partial has. */
export function shardOfName(name: string): Shard | null {
  const parts = NAME.exec(name)
  const [index, count] = [Number(parts?.[1]), Number(parts?.[2])]
  return parts === null || index >= count ? null : { index, count }
}

/** What a header lacks and the columns decide. */
export type HeaderOf = Omit<PartialHeader, 'rows' | 'wide' | 'overlap'>

/** Writes the partial to a new local file. */
export async function writePartial(path: string, of: HeaderOf, columns: HourColumns): Promise<void> {
  const { accounts, pairs, zonePairs, overlap } = columns
  const json = formatHeader({
    ...of,
    rows: { pairs: pairs.size, zonePairs: zonePairs.size },
    wide: { accounts: accounts.wide, pairs: pairs.totals.wide, zonePairs: zonePairs.totals.wide },
    overlap,
  })
  const header = padded(json)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, header.length, true)
  const hash = createHash('sha256')
  const file = await open(path, 'wx')
  try {
    const write = async (part: Uint8Array) => {
      hash.update(part)
      await file.writeFile(part)
    }
    for (const part of [MAGIC, length, header]) await write(part)
    await write(hash.copy().digest())
    for (const sums of [accounts.sums, pairs.totals.sums, zonePairs.totals.sums]) await write(bytesOf(sums))
    await file.writeFile(hash.digest())
  } finally {
    await file.close()
  }
}

/** How many of the first bytes tell where the head ends. */
export const START_BYTES = HEADER_AT

/** Where the head ends and the columns begin, by the first bytes; `size` is the partial's. Throws PartialError. */
export function headLength(start: Uint8Array, size: number): number {
  if (start.length < HEADER_AT || !MAGIC.every((byte, at) => start[at] === byte)) {
    throw new PartialError('is no partial of this version: its first bytes are others')
  }
  const length = new DataView(start.buffer, start.byteOffset).getUint32(MAGIC.length, true)
  const head = HEADER_AT + length + DIGEST_BYTES
  if (length > MOST_HEADER_BYTES || head % 8 !== 0 || head + DIGEST_BYTES > size) {
    throw new PartialError(`is damaged: its ${size} bytes can't hold a header of ${length}`)
  }
  return head
}

/** The header in the first bytes of a partial, which must hold the head whole. Throws PartialError. */
export function readHeader(start: Uint8Array, size: number): PartialHeader {
  const head = headLength(start, size)
  checkDigest(start.subarray(0, head))
  const header = parseHeader(start.subarray(HEADER_AT, head - DIGEST_BYTES))
  const { pairs, zonePairs } = header.rows
  const expected = head + (ACCOUNT_ROWS + pairs + zonePairs) * ROW_BYTES + DIGEST_BYTES
  if (size !== expected)
    throw new PartialError(`is damaged: it has ${size} bytes, its header says ${expected}`)
  return header
}

/** The columns of a whole partial: views of its bytes, which begin at a multiple of eight. Throws PartialError. */
export function readColumns(bytes: Uint8Array): { header: PartialHeader; columns: HourColumns } {
  const header = readHeader(bytes, bytes.length)
  checkDigest(bytes)
  const { rows, wide } = header
  let at = headLength(bytes, bytes.length)
  const table = (count: number, wideSums: WideSums) => {
    const sums = new Float64Array(bytes.buffer, bytes.byteOffset + at, count * STRIDE)
    at += count * ROW_BYTES
    return { sums, wide: wideSums }
  }
  const accounts = table(ACCOUNT_ROWS, wide.accounts)
  const pairs = { size: rows.pairs, totals: table(rows.pairs, wide.pairs) }
  const zonePairs = { size: rows.zonePairs, totals: table(rows.zonePairs, wide.zonePairs) }
  return { header, columns: { accounts, pairs, zonePairs, overlap: header.overlap } }
}

function checkDigest(bytes: Uint8Array): void {
  const digestAt = bytes.length - DIGEST_BYTES
  const digest = createHash('sha256').update(bytes.subarray(0, digestAt)).digest()
  if (digest.equals(bytes.subarray(digestAt))) return
  throw new PartialError('is damaged: its bytes have another SHA-256 than the one that stands behind them')
}

// Spaces behind the header, which JSON passes over: columns lie at multiples of eight.
function padded(header: Uint8Array): Uint8Array {
  const length = Math.ceil((HEADER_AT + header.length + DIGEST_BYTES) / 8) * 8 - HEADER_AT - DIGEST_BYTES
  const longer = new Uint8Array(length).fill(' '.charCodeAt(0))
  longer.set(header)
  return longer
}

function bytesOf(column: Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
}
