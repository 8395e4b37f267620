// The part of a data set that the stages work on: as much text as PART_BYTES, in memory in the shapes that stages take.
// It begins in the middle of the objects, which come by time: the first ones belong to the hour before.

import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { FlowLogReader, INGRESS, RecordBatch, REJECTED, SimdScanner } from '@zonetoll/flowlog'
import { HOUR_SECONDS, type Hour } from '@zonetoll/model'
import type { DataSet } from '../src/data-set.ts'
import type { OpenHour } from '../src/open-hour.ts'

const PART_BYTES = 64 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024

export interface KeptBatch {
  readonly batch: RecordBatch
  /** The rows that come to attribution. */
  readonly rows: Int32Array
}

export interface Part {
  readonly paths: readonly string[]
  /** By object: its text; of the last one perhaps not all. */
  readonly texts: readonly (readonly Uint8Array[])[]
  readonly textBytes: number
  readonly records: number
  readonly batches: readonly KeptBatch[]
}

export async function readPart({ objects }: DataSet, hour: OpenHour): Promise<Part> {
  const texts: Uint8Array[][] = []
  const batches: KeptBatch[] = []
  const scanner = new SimdScanner(hour.attribution.tokens)
  let [textBytes, records] = [0, 0]
  const middle = objects.length >> 1
  const paths: string[] = []
  for (const path of [...objects.slice(middle), ...objects.slice(0, middle)]) {
    paths.push(path)
    const text: Uint8Array[] = []
    const reader = new FlowLogReader(scanner)
    for await (const chunk of gunzipped(path, PART_BYTES - textBytes)) {
      text.push(chunk)
      textBytes += chunk.length
      reader.push(chunk, batch => {
        records += batch.count
        batches.push(kept(batch, hour.hour))
      })
    }
    texts.push(text)
    if (textBytes >= PART_BYTES) break
  }
  return { paths, texts, textBytes, records, batches }
}

/** An object's text until it is as long as `most`, or all of it. */
export async function* gunzipped(path: string, most: number): AsyncGenerator<Uint8Array> {
  const gunzip = createReadStream(path, { highWaterMark: CHUNK_BYTES }).pipe(
    createGunzip({ chunkSize: CHUNK_BYTES }),
  )
  let length = 0
  for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
    yield chunk
    length += chunk.length
    if (length >= most) return
  }
}

// A batch is valid during the call that hands it over.
function kept(batch: RecordBatch, hour: Hour): KeptBatch {
  const copy = new RecordBatch(batch.count)
  copy.count = batch.count
  for (const column of ['start', 'until', 'instance', 'interface', 'zone', 'flags'] as const) {
    copy[column].set(batch[column].subarray(0, batch.count))
  }
  for (const column of ['bytes', 'packets'] as const) copy[column].set(batch[column].subarray(0, batch.count))
  for (const column of ['source', 'destination'] as const) {
    copy[column].set(batch[column].subarray(0, batch.count * 4))
  }
  const [from, until] = [hour * 1000, (hour + HOUR_SECONDS) * 1000]
  const rows: number[] = []
  for (let row = 0; row < batch.count; row++) {
    const inHour = batch.start[row]! >= from && batch.start[row]! < until
    if (inHour && (batch.flags[row]! & (INGRESS | REJECTED)) === 0) rows.push(row)
  }
  return { batch: copy, rows: Int32Array.from(rows) }
}
