/**
 * Rollup files read back: changed anywhere, footers and page headers among it, and also inside of pages, behind a
 * compression that is right again. The file is read to its end or refused with an Error that speaks of the rollup; and
 * the check before publishing lets no changed file pass.
 */
import { gunzipSync, gzipSync, inflateRawSync } from 'node:zlib'
import type { Endpoint, Hour, RollupRow, ZoneId } from '@zonetoll/model'
import {
  readRollup,
  verifyRollup,
  writeRollup,
  type RollupFile,
  type RollupFileSummary,
} from '@zonetoll/parquet'
import * as fc from 'fast-check'
import { changed, changes, joined, PLACE, type Change } from './changes.ts'
import { outcomeOf, type Target } from './target.ts'

interface RollupInput {
  readonly base: number
  /** Inside of a page: which one, as a share of all. */
  readonly page: { readonly place: number; readonly changes: readonly Change[] } | null
  readonly changes: readonly Change[]
}

interface Base {
  readonly bytes: Uint8Array
  readonly summary: RollupFileSummary
  /** Where gzip members stand. */
  readonly pages: readonly (readonly [number, number])[]
}

const FOOTER_WORDS = [
  'PAR1',
  Uint8Array.of(0x15, 0),
  Uint8Array.of(0x19, 0xfc),
  Uint8Array.of(0x1c),
  Uint8Array.of(0),
]
/** Lengths that no page has room for; runs of one value, which pack well. */
const PAGE_WORDS = [
  // A run of 2^27 levels.
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x01, 0x01),
  new Uint8Array(64),
  new Uint8Array(16).fill(0xff),
  Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
]
const MOST_ROWS_MILLIS = 20_000

export async function rollupTarget(): Promise<Target<RollupInput>> {
  const bases = [
    await written(0, 10),
    await written(3, 10),
    await written(700, 100),
    await written(3000, 3000),
  ]
  const base = fc.nat(bases.length - 1)
  const page = fc.record({ place: PLACE, changes: changes(PAGE_WORDS) })
  const anywhere = changes(FOOTER_WORDS)
  return {
    inputs: fc.oneof(
      fc.record({ base, page, changes: fc.constant([]) }),
      fc.record({ base, page: fc.constant(null), changes: anywhere }),
      fc.record({ base, page, changes: anywhere }),
    ),
    async attempt({ base: at, page: within, changes: list }) {
      const { bytes: original, summary, pages } = bases[at]!
      const inside = within === null ? original : withinPage(original, pages, within.place, within.changes)
      const bytes = list.length === 0 ? inside : changed(inside, list)
      const same = Buffer.from(bytes).equals(original)
      const verified = await outcomeOf(
        () => verifyRollup(fileOf(bytes), summary).then(() => 'read'),
        refusal('the rollup differs from what was written'),
      )
      if ((verified === 'read') !== same) throw new Error('the check before publishing is wrong')
      return await outcomeOf(async () => {
        const begun = performance.now()
        let rows = 0
        for await (const row of readRollup(fileOf(bytes))) {
          if (!(row.bytes >= 0)) throw new TypeError('a row without bytes')
          rows++
        }
        if (performance.now() - begun > MOST_ROWS_MILLIS) throw new Error(`took too long for ${rows} rows`)
        return same ? 'unchanged' : 'read'
      }, refusal('rollup'))
    },
    reaches: ['read', 'Error'],
  }
}

// Documented are plain Errors that begin so.
function refusal(beginning: string): (error: unknown) => string | null {
  return error =>
    error instanceof Error && error.constructor === Error && error.message.startsWith(beginning)
      ? 'Error'
      : null
}

function fileOf(bytes: Uint8Array): RollupFile {
  return {
    byteLength: bytes.length,
    slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  }
}

// The page's content changed at its own length and packed anew into as many bytes: what is saved is filled up with the
// file name that a gzip header may have. Unchanged where it packs worse.
function withinPage(
  bytes: Uint8Array,
  pages: readonly (readonly [number, number])[],
  place: number,
  list: readonly Change[],
): Uint8Array {
  if (pages.length === 0) return bytes
  const [from, to] = pages[Math.min(pages.length - 1, Math.floor(place * pages.length))]!
  const content = gunzipSync(bytes.subarray(from, to))
  const altered = new Uint8Array(content.length)
  altered.set(changed(content, list).subarray(0, content.length))
  const packed = gzipSync(altered, { level: 9 })
  const spare = to - from - packed.length
  if (spare < 0) return bytes
  const header = Uint8Array.from(packed.subarray(0, 10))
  if (spare > 0) header[3] = 8
  const name = spare > 0 ? joined([new Uint8Array(spare - 1).fill(120), Uint8Array.of(0)]) : new Uint8Array(0)
  return joined([bytes.subarray(0, from), header, name, packed.subarray(10), bytes.subarray(to)])
}

async function written(rows: number, pageRows: number): Promise<Base> {
  const parts: Uint8Array[] = []
  const summary = await writeRollup(
    Array.from({ length: rows }, (_, at) => rowOf(at)),
    {
      write: async part => {
        parts.push(Uint8Array.from(part))
      },
    },
    { pageRows, groupRows: 1000 },
  )
  const bytes = joined(parts)
  return { bytes, summary, pages: gzipMembers(bytes) }
}

// Where gzip members begin and end: zlib says how much of what it was given it took.
function gzipMembers(bytes: Uint8Array): [number, number][] {
  const buffer = Buffer.from(bytes)
  const members: [number, number][] = []
  for (let from = memberStart(buffer, 0); from >= 0; from = memberStart(buffer, members.at(-1)[1])) {
    const raw = inflateRawSync(buffer.subarray(from + HEADER_BYTES), { info: true }) as unknown as Unpacked
    members.push([from, from + HEADER_BYTES + raw.engine.bytesWritten + TRAILER_BYTES])
  }
  return members
}

// As zlib writes them: no name, no extra field.
const HEADER_BYTES = 10
const TRAILER_BYTES = 8

interface Unpacked {
  readonly engine: { readonly bytesWritten: number }
}

function memberStart(buffer: Buffer, from: number): number {
  return buffer.indexOf('1f8b08', from, 'hex')
}

function rowOf(at: number): RollupRow {
  return {
    hourStart: 1_714_557_600 as Hour,
    source: endpointOf(at % 17),
    destination: endpointOf(at % 23),
    bytes: at === 2 ? Number.MAX_SAFE_INTEGER : at * 1000,
    packets: at,
    records: 1,
  }
}

function endpointOf(at: number): Endpoint {
  const zone = `use2-az${at % 3}` as ZoneId
  if (at % 5 === 4) {
    return {
      kind: 'subnet',
      namespace: null,
      name: `subnet-${at}`,
      workload: null,
      app: null,
      node: null,
      zone,
    }
  }
  return {
    kind: 'pod',
    namespace: 'shop',
    name: `cart-${at}`,
    workload: at % 2 === 0 ? 'Deployment/cart' : null,
    app: at % 4 === 0 ? 'cart' : null,
    node: `node-${at % 4}`,
    zone,
  }
}
