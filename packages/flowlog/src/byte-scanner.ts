// The byte scanner: one pass over the bytes, field ends noted for the few columns that matter, values read in place.
//
//   172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n
//   ^begins[0]   ^ends[0]                    ^begins[BYTES]..ends[BYTES]
//
// The readable twin of the fast one, what runs where WebAssembly SIMD is missing, and the reference in its tests.

import {
  isDash,
  isText,
  hasColon,
  readInteger,
  readIPv4,
  readIPv6,
  readWide,
  UNREADABLE,
  WIDE,
} from './field-values.ts'
import {
  ACTION,
  BYTES,
  DESTINATION,
  DIRECTION,
  END,
  INSTANCE,
  INTERFACE,
  INTERFACE_TYPE,
  PACKETS,
  SLOTS,
  SOURCE,
  START,
  STATUS,
  ZONE,
} from './fields.ts'
import type { Format } from './format.ts'
import {
  DESTINATION_IPV6,
  DESTINATION_UNREADABLE,
  INGRESS,
  MIDDLE_INTERFACE,
  RecordBatch,
  REJECTED,
  SOURCE_IPV6,
  SOURCE_UNREADABLE,
  TYPED_INTERFACE,
} from './record-batch.ts'
import { MAX_LINE_BYTES, NO_TOKENS, TEXT_BYTES, type RecordTokens, type Scanner } from './scanner.ts'
import { NO_TOKEN, type TokenTable } from './token-table.ts'

const SPACE = 32
const LINE_FEED = 10
const CARRIAGE_RETURN = 13

const encoder = new TextEncoder()
const OK_TEXT = encoder.encode('OK')
const SKIPDATA_TEXT = encoder.encode('SKIPDATA')
const NODATA_TEXT = encoder.encode('NODATA')
const INGRESS_TEXT = encoder.encode('ingress')
const EGRESS_TEXT = encoder.encode('egress')
const REJECT_TEXT = encoder.encode('REJECT')

export class ByteScanner implements Scanner {
  readonly text = new Uint8Array(TEXT_BYTES)
  readonly batch: RecordBatch
  skipData = 0
  noData = 0
  readonly #tokens: RecordTokens
  #to = 0
  #noHeader = false
  #fieldCount = 0
  #slots: Int8Array = new Int8Array(0)
  #present: Uint8Array = new Uint8Array(SLOTS)
  readonly #begins = new Int32Array(SLOTS)
  readonly #ends = new Int32Array(SLOTS)

  constructor(tokens: RecordTokens = NO_TOKENS, capacity = 4096) {
    this.#tokens = tokens
    this.batch = new RecordBatch(capacity)
  }

  use(format: Format): void {
    this.#fieldCount = format.fieldCount
    this.#slots = format.slots
    this.#present = format.present
  }

  load(to: number): void {
    this.#to = to
  }

  scan(from: number, noHeader = false): number {
    const { text, batch } = this
    let line = from
    this.#noHeader = noHeader
    while (line < this.#to && batch.count < batch.capacity) {
      const end = this.#splitLine(line)
      if (end < 0 || !this.#readRecord()) return line
      line = (text[end] === CARRIAGE_RETURN ? end + 1 : end) + 1
      this.#noHeader = false
    }
    return line
  }

  // Notes where the columns of the line at `line` begin and end. Returns the line's end (its CR or LF), or -1 where
  // it has more or fewer fields than the header, or too many bytes.
  #splitLine(line: number): number {
    const text = this.text
    const slots = this.#slots
    const fieldCount = this.#fieldCount
    let field = 0
    let begin = line
    let slot = -1
    for (let at = line; ; at++) {
      const byte = text[at]!
      if (byte !== SPACE && byte !== LINE_FEED) continue
      if (field === fieldCount) return -1
      slot = slots[field++]!
      if (slot >= 0) {
        this.#begins[slot] = begin
        this.#ends[slot] = at
      }
      begin = at + 1
      if (byte === SPACE) continue
      if (field !== fieldCount || at - line > MAX_LINE_BYTES) return -1
      if (at === line || text[at - 1] !== CARRIAGE_RETURN) return at
      if (slot >= 0) this.#ends[slot] = Math.max(at - 1, this.#begins[slot]!)
      return at - 1
    }
  }

  // Puts the line that was split into the batch, or counts it. False where a needed value can't be read, or it may be a header.
  #readRecord(): boolean {
    const present = this.#present
    const hasStatus = present[STATUS] === 1
    const noBytes = this.#isDash(BYTES)
    const ok = !hasStatus || this.#is(STATUS, OK_TEXT)
    if (!ok && this.#is(STATUS, SKIPDATA_TEXT)) {
      this.skipData++
      return true
    }
    if ((!ok && this.#is(STATUS, NODATA_TEXT)) || (!hasStatus && noBytes)) {
      this.noData++
      return true
    }
    const strict = ok && !noBytes
    const { batch } = this
    const row = batch.count
    let flags = 0

    // The needed values: on a row that claims to be complete, each must be readable.
    const bytesRead = this.#readCount(BYTES, batch.bytes, batch.byteWords, row)
    const start = this.#readMillis(START)
    const ingress = this.#is(DIRECTION, INGRESS_TEXT)
    const egress = !ingress && this.#is(DIRECTION, EGRESS_TEXT)
    if (strict && (!bytesRead || Number.isNaN(start) || !(ingress || egress))) return false
    // A header line that stands again has names where records have numbers, whatever its log-status column says.
    if (!strict && !bytesRead && Number.isNaN(start) && !this.#noHeader) return false
    const source = this.#readAddress(SOURCE, batch.source, row)
    const destination = this.#readAddress(DESTINATION, batch.destination, row)
    if (strict && (source === UNREADABLE || destination === UNREADABLE)) return false
    if (ingress) flags |= INGRESS
    if (source === 6) flags |= SOURCE_IPV6
    else if (source === UNREADABLE) flags |= SOURCE_UNREADABLE
    if (destination === 6) flags |= DESTINATION_IPV6
    else if (destination === UNREADABLE) flags |= DESTINATION_UNREADABLE

    // What serves where it is there.
    batch.start[row] = start
    batch.until[row] = start + 1
    if (present[END] === 1) {
      const end = this.#readMillis(END)
      batch.until[row] = (end >= start ? end : start) + 1000
    }
    if (present[PACKETS] === 1) this.#readCount(PACKETS, batch.packets, batch.packetWords, row)
    else batch.packets[row] = 0n
    if (present[ACTION] === 1 && this.#is(ACTION, REJECT_TEXT)) flags |= REJECTED
    if (present[INTERFACE_TYPE] === 1)
      flags |= this.#isDash(INTERFACE_TYPE) ? TYPED_INTERFACE : TYPED_INTERFACE | MIDDLE_INTERFACE
    // Who logged it matters only of what was sent; a growing table is to meet every interface.
    const { instances, interfaces, zones } = this.#tokens
    const sent = (flags & (INGRESS | REJECTED)) === 0
    batch.instance[row] = sent ? this.#readToken(INSTANCE, instances) : NO_TOKEN
    batch.interface[row] = sent || interfaces.grows ? this.#readToken(INTERFACE, interfaces) : NO_TOKEN
    batch.zone[row] = sent ? this.#readToken(ZONE, zones) : NO_TOKEN
    batch.flags[row] = flags
    batch.count = row + 1
    return true
  }

  #is(slot: number, expected: Uint8Array): boolean {
    return isText(this.text, this.#begins[slot]!, this.#ends[slot]!, expected)
  }

  #isDash(slot: number): boolean {
    return isDash(this.text, this.#begins[slot]!, this.#ends[slot]!)
  }

  // Seconds in text, milliseconds in the batch: what assignments count in.
  #readMillis(slot: number): number {
    const begin = this.#begins[slot]!
    const end = this.#ends[slot]!
    const value = readInteger(this.text, begin, end)
    if (value === UNREADABLE) return Number.NaN
    return (value === WIDE ? Number(readWide(this.text, begin, end)) : value) * 1000
  }

  // Writes a count of bytes or packets, 0 where it can't be read; false then.
  #readCount(slot: number, column: BigUint64Array, words: Uint32Array, row: number): boolean {
    const begin = this.#begins[slot]!
    const end = this.#ends[slot]!
    const value = readInteger(this.text, begin, end)
    if (value === WIDE) {
      column[row] = readWide(this.text, begin, end)!
      return true
    }
    const count = value === UNREADABLE ? 0 : value
    const high = Math.floor(count / 4294967296)
    words[row * 2] = count - high * 4294967296
    words[row * 2 + 1] = high
    return value !== UNREADABLE
  }

  // Writes an address's words; returns its family, 4 or 6, or UNREADABLE.
  #readAddress(slot: number, column: Uint32Array, row: number): number {
    const begin = this.#begins[slot]!
    const end = this.#ends[slot]!
    if (hasColon(this.text, begin, end)) {
      return readIPv6(this.text, begin, end, column, row * 4) ? 6 : UNREADABLE
    }
    const value = readIPv4(this.text, begin, end)
    if (value === UNREADABLE) return UNREADABLE
    column[row * 4] = value
    return 4
  }

  #readToken(slot: number, table: TokenTable): number {
    if (this.#present[slot] === 0) return NO_TOKEN
    return table.code(this.text, this.#begins[slot]!, this.#ends[slot]!)
  }
}
