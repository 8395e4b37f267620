// Parquet flow logs with bytes changed, lost, doubled or added: read, or refused by one of two errors, and neither for long
// nor with much memory. ZONETOLL_FUZZ_RUNS says how many files; the seed counts up, so that a failure can be run again.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FormatError } from '@zonetoll/flowlog'
import { TableError } from '@zonetoll/parquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DuckDB } from '../packages/parquet/test/duckdb.ts'
import { fileOf, readParquetRecords } from './support/parquet-hour.ts'
import { duckdbLog, parquetjsLog, twoForms } from './support/parquet-log.ts'
import { randomHour } from './support/random-hour.ts'
import { Seeded } from './support/seeded.ts'

const RUNS = Number(process.env['ZONETOLL_FUZZ_RUNS'] ?? 20_000)
/** Measured over 400,000 files: 0.1 s of CPU, and 240 MB more. */
const MOST_CPU_MILLIS = 5_000
const MOST_BYTES = 800 * 1024 * 1024

let folder: string
const files: Uint8Array[] = []
beforeAll(async () => {
  const duckdb = await DuckDB.open()
  folder = await mkdtemp(join(tmpdir(), 'zonetoll-parquet-fuzz-'))
  for (const [at, codec] of [
    'uncompressed',
    'gzip',
    'snappy',
    'zstd',
    'brotli',
    'uncompressed',
    'uncompressed',
  ].entries()) {
    const random = new Seeded(7_000_000 + at)
    for (const safe of [false, true]) {
      const lines = random.list(20, () => randomHour(random).objects[0]!.text)
      // The longest object alone: mutations should meet pages, not only the footer.
      const [text] = lines.sort((a, b) => b.length - a.length)
      const { table } = twoForms(random, text!, { safe })
      const rows = random.list(20, () => table.rows).flat()
      const wide = { ...table, rows }
      if (safe) {
        const compression = random.pick(['GZIP', 'SNAPPY', 'UNCOMPRESSED'] as const)
        const sizes = { rowGroupSize: random.pick([50, 1000]), pageSize: random.pick([20, 8192]) }
        files.push(await parquetjsLog(wide, { ...sizes, useDataPageV2: random.chance(0.5), compression }))
      } else {
        const version = random.pick(['V1', 'V2'])
        const options = `CODEC '${codec}', PARQUET_VERSION ${version}, DICTIONARY_SIZE_LIMIT ${random.pick([1, 1000])}`
        files.push(await duckdbLog(duckdb, folder, wide, options))
      }
    }
  }
  await duckdb.close()
})
afterAll(() => rm(folder, { recursive: true }))

test(
  `any of ${RUNS} damaged files is read or refused, in bounded time and memory`,
  { timeout: 3_600_000 },
  async () => {
    const before = process.resourceUsage().maxRSS
    const outcomes = new Map<string, number>()
    let slowest = 0
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = new Seeded(seed)
      const bytes = damaged(random, random.pick(files))
      const began = process.cpuUsage()
      const outcome = await readParquetRecords(fileOf(bytes)).then(
        () => 'read',
        (error: unknown) => {
          if (!(error instanceof TableError || error instanceof FormatError)) {
            throw new Error(`seed ${seed}: neither read nor refused`, { cause: error })
          }
          // A message is one line of what can be printed.
          expect(error.message, `seed ${seed}`).toMatch(/^[\u0020-\u007e…]{10,1000}$/)
          return error.message.replaceAll(/\d+|"[^"]*"/g, 'n')
        },
      )
      const { user, system } = process.cpuUsage(began)
      slowest = Math.max(slowest, (user + system) / 1000)
      expect(slowest, `seed ${seed}`).toBeLessThan(MOST_CPU_MILLIS)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    const taken = (process.resourceUsage().maxRSS - before) * 1024
    expect(taken).toBeLessThan(MOST_BYTES)
    // Both ends were met, and many ways between them.
    expect(outcomes.get('read') ?? 0).toBeGreaterThan(RUNS / 50)
    expect(outcomes.get('read') ?? 0).toBeLessThan(RUNS / 2)
    expect(outcomes.size).toBeGreaterThan(20)
    if (process.env['ZONETOLL_FUZZ_RUNS'] !== undefined) {
      console.log(
        `slowest ${slowest.toFixed(0)} ms of CPU, ${(taken / 1e6).toFixed(0)} MB more, ${outcomes.size} outcomes`,
      )
    }
  },
)

/** A file with some changes, half of them in its footer, which all else hangs on. */
function damaged(random: Seeded, file: Uint8Array): Uint8Array {
  let bytes = Buffer.from(file)
  for (let changes = 1 + random.int(4); changes > 0 && bytes.length > 20; changes--) {
    const footer = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 8, true)
    const inFooter = random.chance(0.5) && footer < bytes.length
    const at = inFooter ? bytes.length - 1 - random.int(footer + 8) : random.int(bytes.length)
    switch (random.int(8)) {
      case 0:
        bytes = bytes.subarray(0, at)
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.int(8))])
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), randomBytes(random), bytes.subarray(at)])
        break
      case 3:
        bytes.copy(bytes, at, random.int(bytes.length), random.int(bytes.length))
        break
      case 4:
        bytes[at]! ^= 1 << random.int(8)
        break
      default:
        bytes.set(randomBytes(random).subarray(0, bytes.length - at), at)
    }
  }
  return new Uint8Array(bytes)
}

/** Some bytes that lengths and codes are made of. */
function randomBytes(random: Seeded): Buffer {
  return Buffer.from(
    random.list(1 + random.int(5), () => random.pick([0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, random.int(256)])),
  )
}
