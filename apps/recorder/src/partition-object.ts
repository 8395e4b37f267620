// One object of a partition: its name, and its lines as gzip.
//
//   20240501T100500.123Z-9f86d081-000042.ndjson.gz
//   when it was made     recorder  its count
//
// The middle part is drawn when a recorder starts, so no two recorders, nor two lives of one, write the same name, and
// what was written is never written again. Names sort in the order in which one recorder made them. The same lines give
// the same bytes: no time and no system are in the gzip header.

import { randomBytes } from 'node:crypto'
import { createGzip } from 'node:zlib'

import { formatAssignmentLine, type AssignmentLine } from '@zonetoll/assignments'
import type { UnixMillis } from '@zonetoll/model'

// Formatting and compressing 50,000 lines takes most of a second: in slices, a watch is read meanwhile.
const SLICE_LINES = 500
// RFC 1952: the tenth byte says which system compressed; 255 is unknown.
const OS_BYTE = 9
const OS_UNKNOWN = 255

const NAME = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2}\.\d{3})Z-[0-9a-f]{8}-\d{6,}\.ndjson\.gz$/

export class PartitionNames {
  readonly #instance = randomBytes(4).toString('hex')
  #count = 0

  /** A name that was never given before. */
  next(now: UnixMillis): string {
    const instant = new Date(now).toISOString().replaceAll(/[-:]/g, '')
    return `${instant}-${this.#instance}-${String(this.#count++).padStart(6, '0')}.ndjson.gz`
  }
}

/** When the object of that key was made; null for names that aren't a recorder's. */
export function madeAt(key: string): UnixMillis | null {
  const parts = NAME.exec(key.slice(key.lastIndexOf('/') + 1))
  if (parts === null) return null
  const [, year, month, day, hour, minute, seconds] = parts
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${seconds}Z`) as UnixMillis
}

/** The lines as gzipped NDJSON. Other work goes on between slices; lines are taken from the iterable as it gets there. */
export async function packLines(lines: Iterable<AssignmentLine>): Promise<Uint8Array> {
  const gzip = createGzip({ level: 6 })
  const chunks: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk))
  let slice: string[] = []
  const written = () =>
    new Promise<void>((resolve, reject) => {
      const text = slice.join('')
      slice = []
      gzip.write(text, error => (error ? reject(error) : resolve()))
    })
  for (const line of lines) {
    slice.push(formatAssignmentLine(line), '\n')
    if (slice.length >= SLICE_LINES * 2) await written()
  }
  if (slice.length > 0) await written()
  await new Promise<void>((resolve, reject) => {
    gzip.on('end', resolve)
    gzip.on('error', reject)
    gzip.end()
  })
  const bytes = Buffer.concat(chunks)
  bytes[OS_BYTE] = OS_UNKNOWN
  return bytes
}
