/**
 * Text of flow logs, changed anywhere, cut into any chunks: both scanners must make the same of it, and whatever they
 * accept lands in accounts that add up to the lines that were read.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parseAssignmentLine, Timeline } from '@zonetoll/assignments'
import { FlowLogReader, FormatError, type Scanner } from '@zonetoll/flowlog'
import type { Hour } from '@zonetoll/model'
import { Attribution, closeHour, HourTotals } from '@zonetoll/rollup'
import * as fc from 'fast-check'
import { ASSIGNMENTS, HEADER, HOUR, record, SMALL_LINES } from '../support/data-set.ts'
import { makeScanner, SCANNERS } from '../support/scanners.ts'
import { CHUNK_LENGTHS, changed, changes, inChunks, type Change } from './changes.ts'
import type { Target } from './target.ts'
import { outcomeOf } from './target.ts'

interface TextInput {
  readonly base: number
  readonly changes: readonly Change[]
  /** Makes lines longer than any chunk, and than a line may be: this often is the whole doubled. */
  readonly doubled: number
  readonly chunks: readonly number[]
}

const golden = new URL('../golden/flow-log-lines/', import.meta.url)
const bundled = new URL('../../apps/sample/bundled/logs/', import.meta.url)

const WORDS = [
  ' ',
  '\n',
  '\r\n',
  '\r',
  '\0',
  '-',
  '- ',
  '\u{feff}',
  '\u{1f4a9}',
  '9223372036854775807',
  '9223372036854775808',
  '9007199254740993',
  '99999999999999999999999999',
  '-1',
  '1e3',
  '::',
  '::ffff:10.0.0.1',
  '256.0.0.1',
  'OK',
  'NODATA',
  'SKIPDATA',
  'REJECT',
  'ingress',
  'egress',
  `${HEADER}\n`,
  'bytes start flow-direction srcaddr dstaddr\n',
  'tgw-id',
  Uint8Array.of(0xff, 0xfe),
  Uint8Array.of(0xed, 0xa0, 0x80),
  new Uint8Array(70_000).fill(120),
  new Uint8Array(3000).fill(32),
]

const BASES: readonly Uint8Array[] = [
  new TextEncoder().encode([HEADER, ...SMALL_LINES, ''].join('\n')),
  new TextEncoder().encode(
    [
      HEADER,
      ...Array.from({ length: 200 }, (_, at) => record({ start: at * 20, bytes: 2 ** (at % 70) })),
    ].join('\n'),
  ),
  ...publishedLines(),
  ...bundledText(),
]

export function textTarget(): Target<TextInput> {
  const hour = HOUR as Hour
  const lines = ASSIGNMENTS.map(text => parseAssignmentLine(text)!)
  const timeline = new Timeline(lines, { appLabels: ['app'] })
  const sides = SCANNERS.map(name => {
    // Tables grow by what lines say: each side has its own.
    const attribution = Attribution.of(timeline, hour, { growing: true })
    return { attribution, scanner: makeScanner(name, attribution.tokens, 512) }
  })
  const read = (attribution: Attribution, scanner: Scanner, chunks: readonly Uint8Array[]): string => {
    const totals = new HourTotals(hour, attribution, { allPairs: true })
    const reader = new FlowLogReader(scanner)
    for (const chunk of chunks) reader.push(chunk, batch => totals.add(batch, 0))
    const counts = reader.end(batch => totals.add(batch, 0))
    totals.addLines(counts)
    // Throws BalanceError where the books don't add up.
    const { accounts, rows } = closeHour(totals, timeline)
    if (accounts.read.records !== BigInt(counts.lines)) {
      throw new Error(`${counts.lines} lines were read, the accounts have ${accounts.read.records}`)
    }
    return textOf([accounts, counts, reader.interfaceAddresses, rows.length, tolerantRows(rows)])
  }
  return {
    inputs: fc.record({
      base: fc.nat(BASES.length - 1),
      changes: changes(WORDS),
      doubled: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(6) }),
      chunks: CHUNK_LENGTHS,
    }),
    async attempt({ base, changes: list, doubled, chunks }) {
      let bytes = changed(BASES[base]!, list)
      for (let times = 0; times < doubled; times++) bytes = Buffer.concat([bytes, bytes])
      const made = await Promise.all(
        sides.flatMap(({ attribution, scanner }) =>
          [[bytes], inChunks(bytes, chunks)].map(async cut =>
            outcomeOf(
              () => read(attribution, scanner, cut),
              error => (error instanceof FormatError ? `FormatError: ${error.message}` : null),
            ),
          ),
        ),
      )
      if (new Set(made).size > 1) throw new Error(`readers disagree:\n${made.join('\n')}`)
      return made[0]!.startsWith('FormatError') ? 'FormatError' : 'read'
    },
    reaches: ['read', 'FormatError'],
  }
}

// A row's sum that passes 2^53 - 1 is refused by name, and is no fault.
function tolerantRows(rows: Iterable<unknown>): unknown {
  try {
    return [...rows]
  } catch (error) {
    if (error instanceof RangeError && error.message.includes('pass 2^53 - 1')) return error.message
    throw error
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'bigint') return member.toString()
    return member instanceof Map ? [...member] : member
  })
}

/** Published lines, with columns in front that make each format complete. */
function publishedLines(): Uint8Array[] {
  return readdirSync(golden)
    .filter(name => name.endsWith('.log'))
    .map(name => {
      const [header, ...lines] = readFileSync(new URL(name, golden), 'utf8').split('\n')
      const front = lines.map(line =>
        line === '' ? line : `10.0.0.1 10.0.64.1 1200 ${HOUR + 7} egress ${line}`,
      )
      return new TextEncoder().encode(
        [`pkt-srcaddr pkt-dstaddr bytes start flow-direction ${header}`, ...front].join('\n'),
      )
    })
}

/** The beginnings of two objects of the bundled sample. */
function bundledText(): Uint8Array[] {
  return readdirSync(bundled, { recursive: true, withFileTypes: true })
    .filter(entry => entry.name.endsWith('.log.gz'))
    .slice(0, 2)
    .map(entry => gunzipSync(readFileSync(`${entry.parentPath}/${entry.name}`)).subarray(0, 20_000))
}
