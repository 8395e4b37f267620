// Seeded rollup rows that hold what goes wrong in Parquet: nulls, empty and very long texts, texts above the BMP,
// a byte order mark, NUL, integers at the borders of 32 and 53 bits. And a file in memory.

import type { Endpoint, EndpointKind, Hour, RollupRow, ZoneId } from '@zonetoll/model'
import * as fc from 'fast-check'
import { writeRollup, type ByteSink, type RollupFile, type WriteRollupOptions } from '../src/index.ts'

export const HOUR = 1_714_557_600 as Hour

export const TEXTS = [
  '',
  'a',
  'b',
  'cart-7d9f8b6c5d-x2xkq',
  'say "hi", it\'s; --',
  'line\nbreak\r\n\ttab',
  '<script>alert(1)</script>',
  'Zürich',
  '\u{1f600}',
  '\u{10ffff}',
  '\uffff',
  '\ue000',
  '\ufeffmarked',
  'nul\0byte',
  'null',
] as const

export const INTEGERS = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 2, 2 ** 53 - 1] as const

const LONG = 'long-'.repeat(20_000)

const text = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
)
const longText = fc.oneof({ weight: 60, arbitrary: text }, { weight: 1, arbitrary: fc.constant(LONG) })
const optional = fc.option(text, { freq: 3 })
const integer = fc.oneof(fc.constantFrom(...INTEGERS), fc.maxSafeNat())

const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  kind: fc.constantFrom<EndpointKind>('pod', 'node', 'interface', 'subnet'),
  namespace: optional,
  name: longText,
  workload: optional,
  app: optional,
  node: optional,
  zone: text.map(zone => zone as ZoneId),
})

export const anyRow: fc.Arbitrary<RollupRow> = fc.record({
  hourStart: fc.constantFrom(0 as Hour, HOUR, (HOUR + 3600) as Hour),
  source: endpoint,
  destination: endpoint,
  bytes: integer,
  packets: integer,
  records: integer,
})

/** The same rows for the same seed. */
export function seededRows(count: number, seed: number): RollupRow[] {
  return fc.sample(anyRow, { numRuns: count, seed })
}

/** A plain row, for tests that need many of them quickly. */
export function plainRow(at: number): RollupRow {
  return {
    hourStart: HOUR,
    source: podNamed(`client-${Math.floor(at / 100)}`, 'use2-az1'),
    destination: podNamed(`server-${at % 100}`, 'use2-az2'),
    bytes: at,
    packets: at % 1000,
    records: 1,
  }
}

export function podNamed(name: string, zone: string): Endpoint {
  return {
    kind: 'pod',
    namespace: 'shop',
    name,
    workload: null,
    app: 'cart',
    node: null,
    zone: zone as ZoneId,
  }
}

/** A sink that keeps what it is given. */
export class MemorySink implements ByteSink {
  readonly chunks: Uint8Array[] = []

  write(bytes: Uint8Array): Promise<void> {
    this.chunks.push(bytes)
    return Promise.resolve()
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.chunks)
  }
}

export function memoryFile(bytes: Uint8Array): RollupFile {
  return {
    byteLength: bytes.length,
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  }
}

/** The rows written into memory. */
export async function written(rows: Iterable<RollupRow>, options?: WriteRollupOptions) {
  const sink = new MemorySink()
  const summary = await writeRollup(rows, sink, options)
  return { summary, bytes: sink.bytes, file: memoryFile(sink.bytes) }
}

/** A row's values in the order of columns, the hour in milliseconds. */
export function cells(row: RollupRow): (string | number | null)[] {
  return [
    row.hourStart * 1000,
    ...endpointCells(row.source),
    ...endpointCells(row.destination),
    row.bytes,
    row.packets,
    row.records,
  ]
}

function endpointCells(end: Endpoint): (string | null)[] {
  return [end.kind, end.namespace, end.name, end.workload, end.app, end.node, end.zone]
}

export const COLUMN_NAMES = [
  'hour_start',
  ...['source', 'destination'].flatMap(side =>
    ['kind', 'namespace', 'name', 'workload', 'app', 'node', 'zone'].map(field => `${side}_${field}`),
  ),
  'bytes',
  'packets',
  'records',
]

export function isTotal(name: string): boolean {
  return ['bytes', 'packets', 'records'].includes(name)
}

export function isText(name: string): boolean {
  return name !== 'hour_start' && !isTotal(name)
}

export function isNullable(name: string): boolean {
  return /_(?:namespace|workload|app|node)$/.test(name)
}
