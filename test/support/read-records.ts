/** A flow log's records as objects with texts: what a batch's columns mean, for tests that compare them. */
import {
  DESTINATION_IPV6,
  DESTINATION_UNREADABLE,
  FlowLogReader,
  INGRESS,
  MIDDLE_INTERFACE,
  NO_TOKEN,
  OTHER_TOKEN,
  REJECTED,
  SOURCE_IPV6,
  SOURCE_UNREADABLE,
  TokenTable,
  TYPED_INTERFACE,
  type LineCounts,
  type RecordBatch,
  type RecordTokens,
  type Scanner,
} from '@zonetoll/flowlog'
import { formatAddress } from '@zonetoll/model'
import { makeScanner, type ScannerName } from './scanners.ts'

export interface ReadRecord {
  /** Null where it can't be read. */
  readonly source: string | null
  readonly destination: string | null
  readonly bytes: bigint
  readonly packets: bigint
  /** Milliseconds; NaN where start can't be read. */
  readonly start: number
  readonly until: number
  readonly ingress: boolean
  readonly rejected: boolean
  /** Whether interface-type isn't `-`; null where the format lacks it. */
  readonly middle: boolean | null
  /** Null for `-` and where the format lacks the column; instance and zone also on rows that weren't sent. */
  readonly instance: string | null
  readonly interface: string | null
  readonly zone: string | null
}

export interface ReadFlowLog {
  readonly records: readonly ReadRecord[]
  readonly counts: LineCounts
  readonly interfaceAddresses: boolean
}

/** All records and counts of an object whose bytes come in these chunks. Throws FormatError. */
export function readRecords(
  text: string | readonly Uint8Array[],
  options: { readonly capacity?: number; readonly scanner?: ScannerName } = {},
): ReadFlowLog {
  const reader = new FlowLogReader(sharedScanner(options.scanner ?? 'byte', options.capacity ?? 4096))
  const records: ReadRecord[] = []
  const sink = (batch: RecordBatch): void => {
    for (let row = 0; row < batch.count; row++) records.push(recordOf(batch, row))
  }
  const chunks = typeof text === 'string' ? [new TextEncoder().encode(text)] : text
  for (const chunk of chunks) reader.push(chunk, sink)
  const counts = reader.end(sink)
  return { records, counts, interfaceAddresses: reader.interfaceAddresses }
}

/** Shared by all readers, as in the worker; growing tables know every token. */
export const GROWING_TOKENS: RecordTokens = {
  instances: new TokenTable([], { grows: true }),
  interfaces: new TokenTable([], { grows: true }),
  zones: new TokenTable([], { grows: true }),
}
const scanners = new Map<string, Scanner>()

function sharedScanner(name: ScannerName, capacity: number): Scanner {
  const key = `${name} ${capacity}`
  const scanner = scanners.get(key) ?? makeScanner(name, GROWING_TOKENS, capacity)
  scanners.set(key, scanner)
  return scanner
}

/** A row of a batch whose tokens are of GROWING_TOKENS. */
export function recordOf(batch: RecordBatch, row: number): ReadRecord {
  const flags = batch.flags[row]!
  return {
    source:
      (flags & SOURCE_UNREADABLE) === 0 ? addressOf(batch.source, row, (flags & SOURCE_IPV6) !== 0) : null,
    destination:
      (flags & DESTINATION_UNREADABLE) === 0
        ? addressOf(batch.destination, row, (flags & DESTINATION_IPV6) !== 0)
        : null,
    bytes: batch.bytes[row]!,
    packets: batch.packets[row]!,
    start: batch.start[row]!,
    until: batch.until[row]!,
    ingress: (flags & INGRESS) !== 0,
    rejected: (flags & REJECTED) !== 0,
    middle: (flags & TYPED_INTERFACE) === 0 ? null : (flags & MIDDLE_INTERFACE) !== 0,
    instance: tokenOf(GROWING_TOKENS.instances, batch.instance[row]!),
    interface: tokenOf(GROWING_TOKENS.interfaces, batch.interface[row]!),
    zone: tokenOf(GROWING_TOKENS.zones, batch.zone[row]!),
  }
}

function addressOf(words: Uint32Array, row: number, ipv6: boolean): string {
  const [a, b, c, d] = words.subarray(row * 4, row * 4 + 4) as unknown as [number, number, number, number]
  return formatAddress(ipv6 ? { family: 6, words: [a, b, c, d] } : { family: 4, words: [a] })
}

function tokenOf(table: TokenTable, code: number): string | null {
  if (code === OTHER_TOKEN) throw new Error('a growing table knows every token')
  return code === NO_TOKEN ? null : table.token(code)
}
