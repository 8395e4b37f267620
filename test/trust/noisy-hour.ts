/**
 * An hour whose objects have something to cut: a dozen objects of some KiB each, hundreds of pairs, every account.
 *
 * The same seed gives the same files. Two of them differ in everything, so that parts of one in the other show.
 */
import { gunzipSync, gzipSync } from 'node:zlib'

import type { DuckDB } from '../../packages/parquet/test/duckdb.ts'

import {
  assignmentFiles,
  HOUR,
  joined,
  logFiles,
  pod,
  record,
  SLOT,
  SMALL_LINES,
  type Files,
  type ObjectName,
} from '../support/data-set.ts'
import { duckdbLog } from '../support/parquet-log.ts'
import { Seeded } from '../support/seeded.ts'

const PODS = 40
const RECORDS = 250
const SLOTS = 12

export function noisyHour(seed: number): Files {
  const random = new Seeded(seed)
  const addresses = random.list(PODS, at => `10.${seed % 200}.${at % 3}.${10 + at}`)
  const lines = addresses.map((address, at) => pod(`app${at % 7}-${at}`, address, `use2-az${1 + (at % 3)}`))
  const sent = () =>
    record({
      from: random.pick(addresses),
      to: random.chance(0.9) ? random.pick(addresses) : '8.8.8.8',
      bytes: 40 + random.int(100_000),
      start: random.int(3600),
    })
  const objects: [ObjectName, readonly string[]][] = random.list(SLOTS, at => [
    { slot: HOUR + at * SLOT },
    [...SMALL_LINES, ...random.list(RECORDS, sent)],
  ])
  return joined(logFiles(objects), assignmentFiles(lines), recordedTwice(lines))
}

// A second file of the partition that says the same: what is said twice is one thing.
function recordedTwice(lines: readonly string[]): Files {
  const key = 'assignments/cluster=shop/dt=2024-05-01/hour=10/again.ndjson.gz'
  return new Map([[key, gzipSync(`${lines.join('\n')}\n`)]])
}

/** The same hour with every fourth of its objects delivered as Parquet, which is read by places. `folder` takes files. */
export async function mixedHour(seed: number, duckdb: DuckDB, folder: string): Promise<Files> {
  const files = new Map<string, Uint8Array | string>()
  let number = 0
  for (const [key, body] of noisyHour(seed)) {
    const parquet = key.endsWith('.log.gz') && number++ % 4 === 0
    if (parquet) files.set(key.replace(/\.log\.gz$/, '.log.parquet'), await parquetOf(body, duckdb, folder))
    else files.set(key, body)
  }
  return files
}

async function parquetOf(gzipped: Uint8Array | string, duckdb: DuckDB, folder: string): Promise<Uint8Array> {
  const [header, ...lines] = gunzipSync(gzipped).toString().trimEnd().split('\n')
  const names = header!.split(' ')
  const integers = new Set(['bytes', 'packets', 'start', 'end'])
  const columns = names.map(
    name =>
      ({
        name: name.replaceAll('-', '_'),
        type: integers.has(name) ? 'INT64' : 'text',
        optional: true,
      }) as const,
  )
  const rows = lines
    .map(line => line.split(' ').map(value => (value === '-' ? null : value)))
    .filter(row => row.length === columns.length)
  return await duckdbLog(duckdb, folder, { columns, rows }, "CODEC 'gzip'")
}
